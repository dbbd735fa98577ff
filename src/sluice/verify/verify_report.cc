#include "sluice/verify/verify_report.h"

#include <algorithm>

namespace sluice::verify {
namespace {

bool HasRows(const VerifiedExport& verified) { return verified.kind != ledger::ExportKind::kReset; }

}  // namespace

std::string_view Name(SourceVerdict verdict) {
  switch (verdict) {
    case SourceVerdict::kSame:
      return "same";
    case SourceVerdict::kGone:
      return "source gone";
    case SourceVerdict::kUnknown:
      return "unknown";
    case SourceVerdict::kDifferent:
      return "different";
    case SourceVerdict::kNoRows:
      return "no rows";
    case SourceVerdict::kNotAsked:
      return "not asked";
  }
  return "different";
}

std::string_view Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kProven:
      return "proven";
    case Outcome::kFilesMatch:
      return "files_match";
    case Outcome::kNotProven:
      return "not_proven";
    case Outcome::kNothingExported:
      return "nothing_exported";
  }
  return "not_proven";
}

int64_t VerifyReport::not_compared() const {
  return std::count_if(exports.begin(), exports.end(), [](const VerifiedExport& verified) {
    return HasRows(verified) && verified.source != SourceVerdict::kSame &&
           verified.source != SourceVerdict::kDifferent;
  });
}

Outcome VerifyReport::outcome() const {
  const bool is_well =
      !error && faults.empty() &&
      std::all_of(exports.begin(), exports.end(), [](const auto& verified) {
        return verified.faults.empty() && verified.source != SourceVerdict::kDifferent;
      });
  if (!is_well) return Outcome::kNotProven;
  if (std::none_of(exports.begin(), exports.end(), HasRows)) return Outcome::kNothingExported;
  const bool others = std::any_of(gaps.begin(), gaps.end(), [](const ledger::ChainGap& gap) {
    return gap.kind == ledger::ChainGap::Kind::kForeign;
  });
  return not_compared() > 0 || others || !unproven.empty() ? Outcome::kFilesMatch
                                                           : Outcome::kProven;
}

}  // namespace sluice::verify
