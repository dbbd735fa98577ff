#include "sluice/cli/verify_text.h"

#include <fmt/format.h>

#include "sluice/cli/output.h"

namespace sluice::cli {
namespace {

using verify::SourceVerdict;
using verify::VerifiedExport;

std::string RangeText(const VerifiedExport& verified) {
  const std::string end = ledger::ToText(verified.end);
  if (std::holds_alternative<std::monostate>(verified.start)) return end;
  return fmt::format("({}, {}]", ledger::ToText(verified.start), end);
}

std::string ExportText(const VerifiedExport& verified) {
  std::string text = fmt::format("  {} {} {}: {} in {}", ledger::Name(verified.kind), verified.n,
                                 RangeText(verified), Plural(verified.rows, "row"),
                                 Plural(verified.files, "file"));
  if (verified.faults.empty()) {
    text += fmt::format("; source: {}", Name(verified.source));
    if (!verified.why.empty()) text += fmt::format(" ({})", verified.why);
    return text;
  }
  for (const auto& fault : verified.faults) text += "\n    " + Paint(Colour::kBad, fault);
  return text;
}

int64_t Count(const verify::VerifyReport& report, SourceVerdict verdict) {
  int64_t count = 0;
  for (const auto& verified : report.exports) count += verified.source == verdict ? 1 : 0;
  return count;
}

}  // namespace

Json ToJson(const verify::VerifyReport& report) {
  Json exports = Json::array();
  for (const auto& verified : report.exports) {
    exports.push_back({{"n", verified.n},
                       {"kind", ledger::Name(verified.kind)},
                       {"start", ledger::ToJson(verified.start)},
                       {"end", ledger::ToJson(verified.end)},
                       {"rows", verified.rows},
                       {"files", verified.files},
                       {"source", Name(verified.source)},
                       {"why", verified.why},
                       {"faults", verified.faults}});
  }
  return {{"table", report.table},
          {"name", report.name},
          {"pattern", config::Name(report.pattern)},
          {"proven", report.proven()},
          {"exports", std::move(exports)},
          {"rows", report.rows},
          {"files", report.files},
          {"bytes", report.bytes},
          {"balance", report.balance},
          {"faults", report.faults},
          {"seconds", report.seconds},
          {"error", report.error ? ToJson(*report.error) : Json(nullptr)}};
}

std::string DescribeVerify(const verify::VerifyReport& report, bool all) {
  const auto exports = static_cast<int64_t>(report.exports.size());
  std::string text = fmt::format(
      "{}  {}  {}, {} in {}, {}; as in the source: {}", report.name,
      report.proven() ? Paint(Colour::kGood, "proven") : Paint(Colour::kBad, "NOT PROVEN"),
      Plural(exports, "export"), Plural(report.rows, "row"), Plural(report.files, "file"),
      HumanBytes(report.bytes), Count(report, SourceVerdict::kSame));
  if (const int64_t gone = Count(report, SourceVerdict::kGone)) {
    text += fmt::format(", source gone: {}", gone);
  }
  if (const int64_t other = Count(report, SourceVerdict::kOtherConfig)) {
    text += fmt::format(", config changed since: {}", other);
  }
  for (const auto& verified : report.exports) {
    if (all || !verified.faults.empty()) text += "\n" + ExportText(verified);
  }
  if (!report.balance.empty()) text += "\n  " + report.balance;
  for (const auto& fault : report.faults) text += "\n  " + Paint(Colour::kBad, fault);
  return text;
}

}  // namespace sluice::cli
