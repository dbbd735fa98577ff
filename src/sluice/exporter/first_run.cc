#include "sluice/exporter/first_run.h"

#include <fmt/format.h>

#include <variant>

#include "sluice/ledger/in_force.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ledger::Manifest;

/// Backfills in force that were made since the last `state forget`.
std::vector<Manifest> StandingBackfills(const std::vector<ledger::Decision>& decisions) {
  auto manifests = ledger::SinceBeginning(ledger::InForce(ledger::ManifestsOf(decisions)));
  std::erase_if(manifests,
                [](const Manifest& manifest) { return manifest.kind != ExportKind::kBackfill; });
  return manifests;
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
