#include "sluice/exporter/commit/reconcile.h"

#include <algorithm>
#include <utility>

#include "sluice/exporter/commit/adopt.h"
#include "sluice/exporter/commit/finish.h"
#include "sluice/exporter/commit/lost_end.h"
#include "sluice/exporter/commit/owner.h"
#include "sluice/exporter/commit/perform.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/commit/void_export.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ledger::LedgerView;

constexpr Duration kPollInterval = Seconds(1);

/// The newest export, begun or decided by a runner that is gone, as it is done; the uploads which that one
/// left go with it.
Result<Outcome> WithoutLeftovers(const CommitContext& context, int64_t n, Result<Outcome> outcome) {
  if (outcome && outcome->is_visible()) AbortAttemptsThatLost(context, n);
  return outcome;
}

/// True if nothing is left to do for the newest decided export.
Result<bool> IsSettled(const CommitContext& context, const LedgerView& view) {
  if (!view.manifest) return false;
  const bool is_void = view.decision->is_void();
  if (is_void && !view.decision->superseded.empty()) return false;
  if (!KeepsState(context.table)) return true;
  SLUICE_ASSIGN_OR_RETURN(const auto followed, context.state.FollowedThrough(context.app_id()));
  SLUICE_RETURN_IF_ERROR(RequireKnown(context, view, followed.value_or(0)));
  return is_void || followed.value_or(0) >= view.newest;
}

bool PinnedVersionIsGone(const Error& error) {
  return error.kind == ErrorKind::kSourceGone || error.kind == ErrorKind::kNotFound ||
         error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kCorrupt;
}

/// True if the source can be read today at a version other than the pinned one, so that voiding the export
/// lets the next one succeed.
bool SourceHasMovedOn(SourceAccess& access, const LedgerView& view, Version pinned) {
  const auto today = access.Look(view.position(), SourceOptions{});
  return today && ((*today)->facts().source_version != pinned ||
                   (*today)->facts().table_id != view.intent->table_id);
}

/// Finishes the undecided newest export, whose runner is gone, as it was begun, or voids it.
Result<Outcome> AdoptOrVoid(const CommitContext& context, SourceAccess& access,
                            const LedgerView& view, bool reseed, transfer::Progress& progress) {
  const auto void_it = [&](std::string why, std::string detail = {}) {
    return VoidUndecided(context, view.newest, view.position(),
                         {std::move(why), std::move(detail)});
  };
  // What seems undecided may have been decided and settled, and its decision lost.
  SLUICE_RETURN_IF_ERROR(RequireNoLostEnd(context, view));
  if (!view.intent) return void_it("its intent was written by another version of sluice");
  if (reseed && view.intent->kind != ExportKind::kReseed) {
    return void_it("the feed is started over");
  }
  if (auto obstacle = FindObstacle(context.table, *view.intent)) {
    return void_it(*std::move(obstacle));
  }
  const Version pinned = *view.intent->source_version;
  const std::string unreadable =
      fmt::format("version {} of the source can no longer be read", pinned.value);
  auto again = PrepareAgain(context.ledger, access, *view.intent);
  if (!again) {
    if (PinnedVersionIsGone(again.error()) && SourceHasMovedOn(access, view, pinned)) {
      return void_it(unreadable, again.error().message);
    }
    return Fail(std::move(again).error());
  }
  if (!again->row_still_stands) {
    return void_it("another writer moved the row in _export_state");
  }
  SLUICE_RETURN_IF_ERROR(RequireStateWritable(context));
  spdlog::info("{}: finishing export {}, which {} began", context.name(), view.newest,
               FindOwner(context, view).runner.ToString());
  auto performed = Perform(context, access, *std::move(again), progress);
  if (!performed && performed.error().kind == ErrorKind::kSourceGone &&
      SourceHasMovedOn(access, view, pinned)) {
    return void_it(unreadable, performed.error().message);
  }
  return performed;
}

/// Settles the newest export, which is decided and not settled.
Result<Outcome> SettleNewest(const CommitContext& context, SourceAccess& access,
                             const LedgerView& view) {
  const ledger::Decision& decision = *view.decision;
  if (view.manifest && !decision.is_void() && !decision.state_forced && !decision.state_forget) {
    SLUICE_RETURN_IF_ERROR(RequireNotLost(context, view.newest, view.position()));
  }
  return Settle(context, access, decision, view.manifest);
}

}  // namespace

Result<Reconciled> Reconcile(const CommitContext& context, SourceAccess& access,
                             const RunOptions& options, transfer::Progress& progress) {
  const int64_t began = context.wall.MonotonicMicros();
  while (true) {
    SLUICE_ASSIGN_OR_RETURN(LedgerView view, context.ledger.Load());
    if (view.newest == 0) {
      Status fresh = RequireFreshState(context);
      if (fresh) return AllSettled{std::move(view)};
      // Another runner may have done the first export between the two looks.
      SLUICE_ASSIGN_OR_RETURN(const LedgerView now, context.ledger.Load());
      if (now.newest == 0) return Fail(std::move(fresh).error());
      continue;
    }
    if (!view.undecided()) {
      SLUICE_ASSIGN_OR_RETURN(const bool settled, IsSettled(context, view));
      if (settled) return AllSettled{std::move(view)};
      SLUICE_ASSIGN_OR_RETURN(
          Outcome outcome,
          WithoutLeftovers(context, view.newest, SettleNewest(context, access, view)));
      if (view.decision->is_void()) return AllSettled{std::move(view)};
      return Progressed{std::move(outcome)};
    }
    const Owner owner = FindOwner(context, view);
    if (!owner.alive) {
      SLUICE_ASSIGN_OR_RETURN(
          Outcome outcome,
          WithoutLeftovers(context, view.newest,
                           AdoptOrVoid(context, access, view, options.reseed, progress)));
      return Progressed{std::move(outcome)};
    }
    const Duration waited{context.wall.MonotonicMicros() - began};
    if (!options.wait || waited >= *options.wait) {
      return Busy{fmt::format("{} is working on export {}", owner.runner.ToString(), view.newest)};
    }
    context.wall.SleepFor(kPollInterval, context.cancel);
    SLUICE_RETURN_IF_ERROR(context.cancel.Check());
  }
}

void PublishHeartbeat(const CommitContext& context, std::optional<int64_t> settled) {
  if (!settled) {
    const auto view = context.ledger.Load();
    if (!view) return;
    settled = view->manifest ? view->newest : std::max<int64_t>(0, view->newest - 1);
  }
  const auto put =
      context.ledger.PutPublishedHeartbeat(*settled, context.clock.Now(), context.program);
  if (!put) spdlog::debug("heartbeat of {}: {}", context.name(), put.error().message);
}

}  // namespace sluice::exporter
