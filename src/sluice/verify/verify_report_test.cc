#include "sluice/verify/verify_report.h"

#include <gtest/gtest.h>

namespace sluice::verify {
namespace {

VerifiedExport Compared(SourceVerdict verdict,
                        ledger::ExportKind kind = ledger::ExportKind::kWindow) {
  VerifiedExport verified;
  verified.kind = kind;
  verified.source = verdict;
  return verified;
}

VerifyReport With(std::vector<VerifiedExport> exports) {
  VerifyReport report;
  report.exports = std::move(exports);
  return report;
}

TEST(VerifyReportTest, ProvenOnlyWhereEveryExportWasCompared) {
  EXPECT_EQ(With({Compared(SourceVerdict::kSame)}).outcome(), Outcome::kProven);
  const auto half = With({Compared(SourceVerdict::kSame), Compared(SourceVerdict::kGone),
                          Compared(SourceVerdict::kUnknown)});
  EXPECT_EQ(half.outcome(), Outcome::kFilesMatch);
  EXPECT_EQ(half.not_compared(), 2);
}

TEST(VerifyReportTest, NothingExportedProvesNothing) {
  EXPECT_EQ(With({}).outcome(), Outcome::kNothingExported);
  const auto reset = Compared(SourceVerdict::kNoRows, ledger::ExportKind::kReset);
  EXPECT_EQ(With({reset}).outcome(), Outcome::kNothingExported);
  EXPECT_EQ(With({reset, Compared(SourceVerdict::kSame)}).outcome(), Outcome::kProven);
}

TEST(VerifyReportTest, AnyFaultOrErrorIsNotProven) {
  auto report = With({Compared(SourceVerdict::kSame)});
  report.faults = {"a gap"};
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  report = With({Compared(SourceVerdict::kSame)});
  report.error = Error{};
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  report = With({Compared(SourceVerdict::kDifferent)});
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  report = With({});
  report.faults = {"exports 1 to 3 are missing"};
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
}

TEST(VerifyReportTest, WhatAnotherWriterExportedIsNotProven) {
  auto report = With({Compared(SourceVerdict::kSame)});
  report.gaps = {{ledger::ChainGap::Kind::kSkipped, {}, {}, 2, 1}};
  EXPECT_EQ(report.outcome(), Outcome::kProven);
  report.gaps.push_back({ledger::ChainGap::Kind::kForeign, {}, {}, 3, 1});
  EXPECT_EQ(report.outcome(), Outcome::kFilesMatch);
}

}  // namespace
}  // namespace sluice::verify
