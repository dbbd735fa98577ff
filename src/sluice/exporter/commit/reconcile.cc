#include "sluice/exporter/commit/reconcile.h"

#include <utility>

#include "sluice/exporter/commit/adopt.h"
#include "sluice/exporter/commit/finish.h"
#include "sluice/exporter/commit/owner.h"
#include "sluice/exporter/commit/perform.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/commit/void_export.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ledger::LedgerView;

constexpr Duration kPollInterval = Seconds(1);

/// The newest export, begun or decided by a runner that is gone, as it is done; the uploads which that one
/// left go with it.
Result<Outcome> WithoutLeftovers(Session& session, int64_t n, Result<Outcome> outcome) {
  if (outcome && outcome->is_visible()) AbortAttemptsThatLost(session, n);
  return outcome;
}

/// True if nothing is left to do for the newest decided export.
Result<bool> IsSettled(Session& session, const LedgerView& view) {
  if (!view.manifest) return false;
  if (view.decision->is_void()) return view.decision->superseded.empty();
  return !KeepsState(session) ? Result<bool>(true) : StateFollowed(session, view.newest);
}

bool PinnedVersionIsGone(const Error& error) {
  return error.kind == ErrorKind::kSourceGone || error.kind == ErrorKind::kNotFound ||
         error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kCorrupt;
}

/// True if the source can be read today at a version other than the pinned one, so that voiding the export
/// lets the next one succeed.
bool SourceHasMovedOn(Session& session, const LedgerView& view, Version pinned) {
  const auto today = LookAtSource(session, view.position(), SourceOptions{});
  return today && ((*today)->facts().source_version != pinned ||
                   (*today)->facts().table_id != view.intent->table_id);
}

/// Finishes the undecided newest export, whose runner is gone, as it was begun, or voids it.
Result<Outcome> AdoptOrVoid(Session& session, const LedgerView& view, bool reseed,
                            transfer::Progress& progress) {
  const auto void_it = [&](std::string why, std::string detail = {}) {
    return VoidUndecided(session, view.newest, view.position(),
                         {std::move(why), std::move(detail)});
  };
  if (!view.intent) return void_it("its intent was written by another version of sluice");
  if (reseed && view.intent->kind != ExportKind::kReseed) {
    return void_it("the feed is started over");
  }
  if (auto obstacle = FindObstacle(*session.table, *view.intent)) {
    return void_it(*std::move(obstacle));
  }
  const Version pinned = *view.intent->source_version;
  const std::string unreadable =
      fmt::format("version {} of the source can no longer be read", pinned.value);
  auto again = PrepareAgain(session, *view.intent);
  if (!again) {
    if (PinnedVersionIsGone(again.error()) && SourceHasMovedOn(session, view, pinned)) {
      return void_it(unreadable, again.error().message);
    }
    return Fail(std::move(again).error());
  }
  if (!again->row_still_stands) {
    return void_it("another writer moved the row in _export_state");
  }
  spdlog::info("{}: finishing export {}, which {} began", session.name(), view.newest,
               FindOwner(session, view).runner.ToString());
  auto performed = Perform(session, *std::move(again), progress);
  if (!performed && performed.error().kind == ErrorKind::kSourceGone &&
      SourceHasMovedOn(session, view, pinned)) {
    return void_it(unreadable, performed.error().message);
  }
  return performed;
}

/// Settles the newest export, which is decided and not settled.
Result<Outcome> SettleNewest(Session& session, const LedgerView& view) {
  const ledger::Decision& decision = *view.decision;
  if (view.manifest && !decision.is_void() && !decision.state_forced && !decision.state_forget) {
    SLUICE_RETURN_IF_ERROR(RequireNotLost(session, view.newest, view.position()));
  }
  return Settle(session, decision, view.manifest);
}

}  // namespace

Result<Reconciled> Reconcile(Session& session, const RunOptions& options,
                             transfer::Progress& progress) {
  const Services& services = *session.services;
  const int64_t began = services.wall->MonotonicMicros();
  while (true) {
    SLUICE_ASSIGN_OR_RETURN(LedgerView view, session.ledger->Load());
    if (view.newest == 0) {
      Status fresh = RequireFreshState(session);
      if (fresh) return AllSettled{std::move(view)};
      // Another runner may have done the first export between the two looks.
      SLUICE_ASSIGN_OR_RETURN(const LedgerView now, session.ledger->Load());
      if (now.newest == 0) return Fail(std::move(fresh).error());
      continue;
    }
    if (!view.undecided()) {
      SLUICE_ASSIGN_OR_RETURN(const bool settled, IsSettled(session, view));
      if (settled) return AllSettled{std::move(view)};
      SLUICE_ASSIGN_OR_RETURN(Outcome outcome,
                              WithoutLeftovers(session, view.newest, SettleNewest(session, view)));
      if (view.decision->is_void()) return AllSettled{std::move(view)};
      return Progressed{std::move(outcome)};
    }
    const Owner owner = FindOwner(session, view);
    if (!owner.alive) {
      SLUICE_ASSIGN_OR_RETURN(
          Outcome outcome, WithoutLeftovers(session, view.newest,
                                            AdoptOrVoid(session, view, options.reseed, progress)));
      return Progressed{std::move(outcome)};
    }
    const Duration waited{services.wall->MonotonicMicros() - began};
    if (!options.wait || waited >= *options.wait) {
      return Busy{fmt::format("{} is working on export {}", owner.runner.ToString(), view.newest)};
    }
    services.wall->SleepFor(kPollInterval, services.cancel);
    SLUICE_RETURN_IF_ERROR(services.cancel.Check());
  }
}

void PublishHeartbeat(Session& session) {
  const auto view = session.ledger->Load();
  if (!view) return;
  const int64_t settled = view->manifest ? view->newest : std::max<int64_t>(0, view->newest - 1);
  const auto put = session.ledger->PutPublishedHeartbeat(settled, session.services->clock->Now(),
                                                         session.services->program);
  if (!put) spdlog::debug("heartbeat of {}: {}", session.name(), put.error().message);
}

}  // namespace sluice::exporter
