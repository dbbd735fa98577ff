#include "sluice/cli/verify_text.h"

#include <gmock/gmock.h>

namespace sluice::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using verify::SourceVerdict;
using verify::VerifyReport;

VerifyReport Of(std::vector<SourceVerdict> verdicts) {
  VerifyReport report;
  report.name = "events";
  for (const auto verdict : verdicts) {
    verify::VerifiedExport verified;
    verified.n = std::ssize(report.exports) + 1;
    verified.source = verdict;
    if (verdict == SourceVerdict::kGone) verified.why = "version 3 was cleaned up";
    report.exports.push_back(verified);
  }
  return report;
}

TEST(VerifyTextTest, ProvenSaysHowManyWereCompared) {
  const auto report = Of({SourceVerdict::kSame, SourceVerdict::kSame});
  EXPECT_THAT(DescribeVerify(report, false), HasSubstr("proven  2 exports"));
  EXPECT_EQ(ToJson(report)["outcome"], "proven");
  EXPECT_EQ(ToJson(report)["proven"], true);
}

TEST(VerifyTextTest, WhatCannotBeComparedIsCountedWithItsCause) {
  const auto report = Of({SourceVerdict::kSame, SourceVerdict::kGone});
  const std::string text = DescribeVerify(report, false);
  EXPECT_THAT(text, HasSubstr("files match the manifests"));
  EXPECT_THAT(text, HasSubstr("1 of 2 can no longer be compared with the source"));
  EXPECT_THAT(text, HasSubstr("export 2 can no longer be compared with the source: version 3"));
  EXPECT_THAT(text, Not(HasSubstr("proven")));
  EXPECT_EQ(ToJson(report)["outcome"], "files_match");
  EXPECT_EQ(ToJson(report)["not_compared"], 1);
}

TEST(VerifyTextTest, NothingExportedIsNotProven) {
  EXPECT_EQ(DescribeVerify(Of({}), false), "events  nothing exported yet, so nothing to prove");
  EXPECT_EQ(ToJson(Of({}))["outcome"], "nothing_exported");
}

TEST(VerifyTextTest, SkippedStretchesAndLingeringFilesAreSaid) {
  auto report = Of({SourceVerdict::kSame});
  report.gaps = {{ledger::ChainGap::Kind::kSkipped, Version{2}, Version{4}, 3, 1}};
  report.lingering = {{1, 4, 2}};
  const std::string text = DescribeVerify(report, false);
  EXPECT_THAT(text, HasSubstr("versions (2, 4] was skipped on purpose"));
  EXPECT_THAT(text, HasSubstr("2 files of export 1 are still there"));
}

}  // namespace
}  // namespace sluice::cli
