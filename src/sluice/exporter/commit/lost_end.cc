#include "sluice/exporter/commit/lost_end.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/exporter/commit/last_run.h"
#include "sluice/exporter/commit/void_export.h"

namespace sluice::exporter {
namespace {

/// The number comes from a record that anybody may have written: never count up to whatever it says.
constexpr int64_t kMostLost = 10'000;

Result<int64_t> FollowedThrough(const CommitContext& context) {
  if (!KeepsState(context.table)) return 0;
  SLUICE_ASSIGN_OR_RETURN(const auto followed, context.state.FollowedThrough(context.app_id()));
  return followed.value_or(0);
}

}  // namespace

Result<int64_t> SettledElsewhere(const CommitContext& context) {
  SLUICE_ASSIGN_OR_RETURN(int64_t settled, context.ledger.PublishedHint());
  SLUICE_ASSIGN_OR_RETURN(const auto last, RequireLastRun(context));
  if (last) settled = std::max(settled, last->settled);
  SLUICE_ASSIGN_OR_RETURN(const int64_t followed, FollowedThrough(context));
  return std::max(settled, followed);
}

Status RequireKnown(const CommitContext& context, const ledger::LedgerView& view, int64_t settled) {
  if (settled <= view.newest_decided()) return {};
  // Another runner may have come between the two looks.
  SLUICE_ASSIGN_OR_RETURN(const auto now, context.ledger.Load());
  if (settled <= now.newest_decided()) return {};
  SLUICE_RETURN_IF_ERROR(context.ledger.RequireUnpublished(now.newest_decided() + 1));
  return Fail(context.ledger.LostEnd(now, settled));
}

Status RequireNoLostEnd(const CommitContext& context, const ledger::LedgerView& view) {
  SLUICE_ASSIGN_OR_RETURN(const int64_t followed, FollowedThrough(context));
  return RequireKnown(context, view, std::max(followed, context.ledger.NotedAsSettled()));
}

Result<std::vector<std::string>> VoidLostEnd(const CommitContext& context,
                                             const ledger::LedgerView& view, int64_t settled) {
  std::vector<std::string> notes;
  const int64_t first = view.newest_decided() + 1;
  if (settled - first >= kMostLost) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("export {} was settled once, and the newest in the ledger is {}: "
                                  "so many are not given up at once",
                                  settled, first - 1),
                      "restore the ledger folder from a backup, or give the table another `name` "
                      "and another `state`"});
  }
  for (int64_t n = first; n <= settled; ++n) {
    SLUICE_RETURN_IF_ERROR(context.ledger.RequireUnpublished(n));
    SLUICE_ASSIGN_OR_RETURN(const Outcome outcome, VoidUndecided(context, n, view.position(),
                                                                 {"its records were lost", {}}));
    SLUICE_RETURN_IF_ERROR(outcome.then);
    notes.insert(notes.end(), outcome.notes.begin(), outcome.notes.end());
  }
  return notes;
}

}  // namespace sluice::exporter
