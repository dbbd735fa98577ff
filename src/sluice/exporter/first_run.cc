#include "sluice/exporter/first_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "sluice/ledger/chain_check.h"
#include "sluice/ledger/in_force.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ledger::Manifest;

/// What is in force, before and after the last `state forget`.
struct Generations {
  std::vector<Manifest> before, after;
};

Generations ReadGenerations(const std::vector<ledger::Decision>& decisions) {
  const auto in_force = ledger::InForce(ledger::ManifestsOf(decisions));
  Generations generations;
  generations.after = ledger::SinceBeginning(in_force);
  generations.before = in_force;
  generations.before.resize(in_force.size() - generations.after.size());
  return generations;
}

bool Overlap(const plan::PlannedExport& window, const Manifest& backfill) {
  if (window.kind() != ExportKind::kWindow) return false;
  const bool comparable = window.start.index() == backfill.start.index() &&
                          !std::holds_alternative<std::monostate>(window.start);
  return comparable && window.start < backfill.end && backfill.start < window.end;
}

Error BackfilledAlready(const Session& session, const plan::PlannedExport& window,
                        const Manifest& backfill) {
  return Error{
      ErrorKind::kConflict,
      fmt::format("the first window ({}, {}] holds rows of backfill {} ({}, {}]: they would be "
                  "exported twice",
                  ledger::ToText(window.start), ledger::ToText(window.end), backfill.n,
                  ledger::ToText(backfill.start), ledger::ToText(backfill.end)),
      fmt::format("let `start` be {} or later and backfill what comes before it, or start again "
                  "on purpose with `sluice state forget {}`",
                  ledger::ToText(backfill.end), session.name())};
}

std::string TwiceInFolders(const std::vector<int64_t>& numbers) {
  const std::string which = numbers.size() == 1
                                ? fmt::format("export {}", numbers.front())
                                : fmt::format("{} exports from {} to {}", numbers.size(),
                                              numbers.front(), numbers.back());
  return fmt::format(
      "{}, from before `state forget`, hold rows of these windows: readers of folders see them "
      "twice until `sluice prune` removes the old files, a day after all of it is exported again "
      "(--replaced-now: at once)",
      which);
}

/// What begins before the first of these windows is never exported again as a whole.
std::string TwiceForGood(const Session& session, const std::vector<const Manifest*>& straddling) {
  ledger::Bound from = straddling.front()->start, to = straddling.front()->end;
  for (const Manifest* old : straddling) {
    from = std::min(from, old->start);
    to = std::max(to, old->end);
  }
  return fmt::format(
      "exports of {}, from before `state forget`, begin before these windows, so no run exports "
      "all of "
      "them again: once this run is done, `sluice backfill {} --from {} --to {} --again` and then "
      "`sluice prune` leave their rows once",
      ledger::RangeText(from, to), session.name(), ledger::ToText(from), ledger::ToText(to));
}

}  // namespace

Result<std::vector<std::string>> CheckFirstRun(const Session& session,
                                               const ledger::LedgerView& view,
                                               const std::vector<plan::PlannedExport>& exports) {
  std::vector<std::string> notes;
  if (view.newest == 0 || exports.empty()) return notes;
  if (!std::holds_alternative<std::monostate>(view.position().end)) return notes;
  SLUICE_ASSIGN_OR_RETURN(const auto decisions, session.ledger->ReadDecisions());
  const Generations generations = ReadGenerations(decisions);
  for (const Manifest& backfill : generations.after) {
    if (backfill.kind != ExportKind::kBackfill) continue;
    for (const auto& window : exports) {
      if (Overlap(window, backfill)) return Fail(BackfilledAlready(session, window, backfill));
    }
  }
  std::vector<int64_t> twice;
  std::vector<const Manifest*> straddling;
  for (const Manifest& old : generations.before) {
    const bool has_rows = ledger::ExtentOf(old) && old.rows > 0;
    const bool again = has_rows && std::any_of(exports.begin(), exports.end(),
                                               [&](const auto& w) { return Overlap(w, old); });
    if (!again) continue;
    const bool is_whole = std::any_of(exports.begin(), exports.end(), [&](const auto& w) {
      return w.kind() == ExportKind::kWindow && w.start <= old.start;
    });
    if (is_whole) {
      twice.push_back(old.n);
    } else {
      straddling.push_back(&old);
    }
  }
  if (!straddling.empty()) notes.push_back(TwiceForGood(session, straddling));
  if (!twice.empty()) notes.push_back(TwiceInFolders(twice));
  return notes;
}

}  // namespace sluice::exporter
