#include "sluice/exporter/source/far_ahead.h"

#include <gmock/gmock.h>

namespace sluice::exporter {
namespace {

using ::testing::HasSubstr;

constexpr Timestamp kNow{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z

TEST(FarAheadTest, PositionUpToADayAheadIsNothingUnusual) {
  EXPECT_FALSE(FindFarAhead("events", kNow + Days(1), {}, kNow));
  EXPECT_FALSE(FindFarAhead("events", kNow - Days(400), kNow, kNow));
}

TEST(FarAheadTest, ExportsThatEndInTheFarFutureAreNamedWithTheWayBack) {
  const auto far = FindFarAhead("events", kNow + Days(30), kNow, kNow);
  ASSERT_TRUE(far);
  EXPECT_THAT(far->message, HasSubstr("2026-01-31T00:00:00Z, 30d from now"));
  EXPECT_THAT(far->remedy, HasSubstr("`sluice state set events TIME`"));
}

TEST(FarAheadTest, RowThatIsLaterThanTheExportsIsTheOneToCorrect) {
  const auto far = FindFarAhead("events", kNow, kNow + Days(30), kNow);
  ASSERT_TRUE(far);
  EXPECT_THAT(far->message, HasSubstr("the row in _export_state"));
}

TEST(FarAheadTest, TableThatExportedNothingIsNotAhead) {
  EXPECT_FALSE(FindFarAhead("events", {}, {}, kNow));
}

}  // namespace
}  // namespace sluice::exporter
