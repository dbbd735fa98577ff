#include "sluice/exporter/first_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ledger::Manifest;

/// Backfills that stand: since the last reset, and not replaced.
std::vector<Manifest> StandingBackfills(const std::vector<ledger::Decision>& decisions) {
  std::vector<Manifest> backfills;
  std::set<int64_t> replaced;
  for (const auto& decision : decisions) {
    const Manifest& manifest = decision.manifest;
    if (manifest.kind == ExportKind::kReset) backfills.clear();
    if (manifest.kind == ExportKind::kBackfill) backfills.push_back(manifest);
    replaced.insert(manifest.replaces.begin(), manifest.replaces.end());
  }
  std::erase_if(backfills, [&](const Manifest& backfill) { return replaced.contains(backfill.n); });
  return backfills;
}

bool Overlap(const plan::PlannedExport& window, const Manifest& backfill) {
  const bool comparable = window.start.index() == backfill.start.index() &&
                          !std::holds_alternative<std::monostate>(window.start);
  return comparable && window.start < backfill.end && backfill.start < window.end;
}

}  // namespace

Status RequireNotBackfilled(const Session& session, const ledger::LedgerView& view,
                            const std::vector<plan::PlannedExport>& exports) {
  if (view.newest == 0 || exports.empty()) return {};
  if (!std::holds_alternative<std::monostate>(view.position().end)) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto decisions, session.ledger->ReadDecisions());
  for (const Manifest& backfill : StandingBackfills(decisions)) {
    for (const auto& window : exports) {
      if (window.kind != ExportKind::kWindow || !Overlap(window, backfill)) continue;
      return Fail(Error{
          ErrorKind::kConflict,
          fmt::format("the first window ({}, {}] holds rows of backfill {} ({}, {}]: they would be "
                      "exported twice",
                      ledger::ToText(window.start), ledger::ToText(window.end), backfill.n,
                      ledger::ToText(backfill.start), ledger::ToText(backfill.end)),
          fmt::format("let `start` be {} or later and backfill what comes before it, or begin anew "
                      "on purpose with `sluice state forget {}`",
                      ledger::ToText(backfill.end), session.name())});
    }
  }
  return {};
}

}  // namespace sluice::exporter
