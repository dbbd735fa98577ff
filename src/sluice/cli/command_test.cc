#include "sluice/cli/command.h"

#include <gtest/gtest.h>

#include <csignal>

namespace sluice::cli {
namespace {

Error Failure(ErrorKind kind) { return Error{kind, "it failed", "mend it"}; }

int CodeOf(const std::vector<std::optional<Error>>& outcomes, const Context& context = {}) {
  ExitCode code;
  for (const auto& outcome : outcomes) code.Add(outcome);
  return code.Value(context);
}

TEST(ExitCodeTest, NoFailureIsZero) {
  EXPECT_EQ(CodeOf({}), 0);
  EXPECT_EQ(CodeOf({std::nullopt, std::nullopt}), 0);
}

TEST(ExitCodeTest, OneFailureAmongManyIsOne) {
  EXPECT_EQ(CodeOf({std::nullopt, Failure(ErrorKind::kCorrupt), std::nullopt}), 1);
}

TEST(ExitCodeTest, SeventyFiveOnlyIfEveryFailureMayCureItself) {
  EXPECT_EQ(CodeOf({Failure(ErrorKind::kTransient), std::nullopt}), 75);
  EXPECT_EQ(CodeOf({Failure(ErrorKind::kTransient), Failure(ErrorKind::kCorrupt)}), 1);
}

TEST(ExitCodeTest, TwoOnlyIfWrongUsageOrConfigIsAllThatCameOfIt) {
  EXPECT_EQ(CodeOf({Failure(ErrorKind::kConfig), Failure(ErrorKind::kUsage)}), 2);
  EXPECT_EQ(CodeOf({Failure(ErrorKind::kConfig), std::nullopt}), 1);
  EXPECT_EQ(CodeOf({Failure(ErrorKind::kConfig), Failure(ErrorKind::kTransient)}), 1);
}

TEST(ExitCodeTest, ASignalOverrulesWhatItCaused) {
  Context context;
  context.cancel.Cancel(SIGTERM);
  EXPECT_EQ(CodeOf({Failure(ErrorKind::kCancelled)}, context), 143);
  Context interrupted;
  interrupted.cancel.Cancel(SIGINT);
  EXPECT_EQ(CodeOf({std::nullopt}, interrupted), 130);
}

TEST(ExitCodeTest, AnErrorThatEndsACommandHasTheCodeOfItsKind) {
  const Context context;
  EXPECT_EQ(ExitCodeOf(Failure(ErrorKind::kUsage), context), 2);
  EXPECT_EQ(ExitCodeOf(Failure(ErrorKind::kConfig), context), 2);
  EXPECT_EQ(ExitCodeOf(Failure(ErrorKind::kNotFound), context), 1);
  EXPECT_EQ(ExitCodeOf(Failure(ErrorKind::kTransient), context), 75);
}

}  // namespace
}  // namespace sluice::cli
