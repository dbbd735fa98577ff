#include "sluice/plan/replacement.h"

#include <algorithm>
#include <optional>

#include "sluice/ledger/in_force.h"

namespace sluice::plan {
namespace {

using ledger::ExportKind;

/// What an export holds: its window, or (late rows) the hull of its rows.
std::optional<Range> RowsOf(const ledger::Decision& decision) {
  const ExportKind kind = decision.manifest.kind;
  std::optional<int64_t> from, to;
  if (kind == ExportKind::kWindow || kind == ExportKind::kBackfill) {
    from = ledger::ValueOf(decision.manifest.start);
    to = ledger::ValueOf(decision.manifest.end);
  } else if (kind == ExportKind::kLate) {
    from = ledger::ValueOf(decision.watermark_min);
    if (from) *from -= 1;
    to = ledger::ValueOf(decision.watermark_max);
  }
  if (!from || !to || *from >= *to) return std::nullopt;
  return Range{*from, *to};
}

}  // namespace

Replacement FindReplacement(const std::vector<ledger::Decision>& decisions, Range asked) {
  const auto judged = ledger::JudgeExports(ledger::ManifestsOf(decisions));
  Replacement found;
  Range whole = asked;
  do {
    found = {{}, whole, Version{-1}};
    for (const auto& decision : decisions) {
      if (judged.at(decision.n).standing != ledger::Standing::kInForce) continue;
      const auto rows = RowsOf(decision);
      if (!rows || rows->to <= found.range.from || rows->from >= found.range.to) continue;
      found.exports.push_back({decision.n, *rows});
      found.newest_source =
          std::max(found.newest_source, decision.manifest.source_version.value_or(Version{-1}));
      whole = {std::min(whole.from, rows->from), std::max(whole.to, rows->to)};
    }
  } while (whole != found.range);
  return found;
}

}  // namespace sluice::plan
