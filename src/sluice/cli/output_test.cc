#include "sluice/cli/output.h"

#include <gmock/gmock.h>

#include "sluice/runtime/log.h"

namespace sluice::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

constexpr const char* kSecret = "correct-horse-battery-staple";

TEST(PrintTest, AnErrorStandsAboveItsRemedyOnStderr) {
  CaptureStderr();
  PrintError(Error{ErrorKind::kConfig, "no url", "give one"});
  EXPECT_EQ(GetCapturedStderr(), "error: no url\n  fix: give one\n");
}

TEST(PrintTest, AnErrorWithoutARemedyIsOneLine) {
  CaptureStderr();
  PrintError(Error{ErrorKind::kInternal, "what", ""});
  EXPECT_EQ(GetCapturedStderr(), "error: what\n");
}

TEST(PrintTest, NoSecretLeavesByAnyWay) {
  runtime::RegisterSecret(kSecret);
  CaptureStdout();
  CaptureStderr();
  PrintLine(kSecret);
  PrintJson({{"key", kSecret}});
  PrintError(Error{ErrorKind::kConfig, kSecret, kSecret});
  EXPECT_THAT(GetCapturedStdout(), Not(HasSubstr(kSecret)));
  EXPECT_THAT(GetCapturedStderr(), Not(HasSubstr(kSecret)));
  EXPECT_THAT(ToJson(Error{ErrorKind::kConfig, kSecret, ""}).dump(), Not(HasSubstr(kSecret)));
}

TEST(PrintTest, TextThatIsNotUtf8IsPrintedAsADocumentAllTheSame) {
  CaptureStdout();
  PrintJson({{"key", "a\xff"}});
  EXPECT_THAT(GetCapturedStdout(), StartsWith("{\n  \"key\": \"a"));
}

TEST(HumanTextTest, LengthsOfTimeHaveTwoUnitsAtMost) {
  EXPECT_EQ(HumanDuration(Duration{0}), "0m");
  EXPECT_EQ(HumanDuration(Minutes(59)), "59m");
  EXPECT_EQ(HumanDuration(Hours(48)), "2d 0h");
  EXPECT_EQ(HumanDuration(Minutes(-90)), "-1h 30m");
}

TEST(FormatTableTest, ARowMayBeShorterThanTheHeading) {
  EXPECT_EQ(FormatTable({{"A", "B"}, {"long"}}, {}), "A     B\nlong");
}

TEST(FormatTableTest, ColourTakesNoRoom) {
  EXPECT_EQ(FormatTable({{"A", "B"}, {"\x1b[31mx\x1b[0m", "y"}}, {}), "A  B\n\x1b[31mx\x1b[0m  y");
}

}  // namespace
}  // namespace sluice::cli
