#include "sluice/exporter/commit/reconcile.h"

#include <utility>

#include "sluice/exporter/commit/adopt.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/source/pattern_source.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ledger::LedgerView;

constexpr Duration kPollInterval = Seconds(1);

/// The runner that holds the undecided newest number, by its heartbeat or, before the first one, by the
/// intent itself.
ledger::Heartbeat OwnerOf(const LedgerView& view) {
  if (view.heartbeat) return *view.heartbeat;
  ledger::Heartbeat heartbeat;
  if (view.intent) {
    heartbeat.runner = view.intent->runner;
    heartbeat.at = view.intent->created_at;
  } else {
    heartbeat.released = true;
  }
  return heartbeat;
}

/// True if the newest decided number needs nothing any more.
Result<bool> IsSettled(Session& session, const LedgerView& view) {
  if (!view.manifest) return false;
  if (view.decision->is_void()) return view.decision->superseded.empty();
  return !KeepsState(session) ? Result<bool>(true) : StateFollowed(session, view.newest);
}

bool PinnedVersionIsGone(const Error& error) {
  return error.kind == ErrorKind::kSourceGone || error.kind == ErrorKind::kNotFound ||
         error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kCorrupt;
}

/// True if the source can be read today at a version other than the pinned one, so that giving the number
/// up leads somewhere.
bool SourceHasMovedOn(Session& session, const LedgerView& view, Version pinned) {
  const auto today = LookAtSource(session, view.position(), SourceOptions{});
  return today && ((*today)->facts().source_version != pinned ||
                   (*today)->facts().table_id != view.intent->table_id);
}

/// Does the undecided newest number, whose runner is gone, as it was begun; or gives it up.
Status AdoptOrVoid(Session& session, const LedgerView& view, const RunOptions& options,
                   transfer::Progress& progress, RunReport& report) {
  const auto give_up = [&](std::string why, std::string detail = {}) {
    return VoidUndecided(session, view.newest, view.position(), {std::move(why), std::move(detail)},
                         report);
  };
  if (!view.intent) return give_up("its intent was written by another version of sluice");
  if (options.reseed && view.intent->kind != ExportKind::kReseed) {
    return give_up("the feed is begun anew");
  }
  const Adoptable adoptable = JudgeIntent(session, *view.intent);
  if (!adoptable.yes) return give_up(adoptable.reason);
  const Version pinned = *view.intent->source_version;
  const std::string unreadable =
      fmt::format("version {} of the source can't be read any more", pinned.value);
  auto again = PrepareAgain(session, *view.intent);
  if (!again) {
    if (PinnedVersionIsGone(again.error()) && SourceHasMovedOn(session, view, pinned)) {
      return give_up(unreadable, again.error().message);
    }
    return Fail(std::move(again).error());
  }
  if (!again->row_still_stands) {
    return give_up("the row in _export_state was moved on by another writer");
  }
  spdlog::info("{}: finishing export {}, which {} began", session.name(), view.newest,
               OwnerOf(view).runner.ToString());
  const auto performed = Perform(session, std::move(*again), progress, report);
  if (!performed) {
    const Error& error = performed.error();
    if (error.kind == ErrorKind::kSourceGone && SourceHasMovedOn(session, view, pinned)) {
      return give_up(unreadable, error.message);
    }
    return Fail(error);
  }
  if (*performed == Performed::kDone) ++report.resumed;
  return {};
}

}  // namespace

Result<Reconciled> Reconcile(Session& session, const RunOptions& options,
                             transfer::Progress& progress, RunReport& report) {
  const Services& services = *session.services;
  const int64_t began = services.wall->MonotonicMicros();
  Reconciled reconciled;
  while (true) {
    SLUICE_ASSIGN_OR_RETURN(reconciled.view, session.ledger->Load());
    const LedgerView& view = reconciled.view;
    if (view.newest == 0) {
      Status fresh = RequireFreshState(session);
      if (fresh) return reconciled;
      // Another runner may have done the first export between the two looks.
      SLUICE_ASSIGN_OR_RETURN(const LedgerView now, session.ledger->Load());
      if (now.newest == 0) return Fail(std::move(fresh).error());
      continue;
    }
    if (!view.undecided()) {
      SLUICE_ASSIGN_OR_RETURN(const bool settled, IsSettled(session, view));
      if (settled) return reconciled;
      if (view.manifest && !view.decision->is_void() && !view.decision->state_forced &&
          !view.decision->state_forget) {
        SLUICE_RETURN_IF_ERROR(RequireNotLost(session, view.newest, view.position()));
      }
      const size_t before = report.windows.size();
      SLUICE_RETURN_IF_ERROR(Settle(session, *view.decision, view.manifest, report));
      if (report.windows.size() > before) ++report.resumed;
      if (view.decision->is_void()) return reconciled;
      reconciled.again = true;
      return reconciled;
    }
    const ledger::Heartbeat owner = OwnerOf(view);
    if (ledger::Judge(owner, services.wall->Now(), session.runner) == ledger::Liveness::kGone) {
      SLUICE_RETURN_IF_ERROR(AdoptOrVoid(session, view, options, progress, report));
      reconciled.again = true;
      return reconciled;
    }
    const Duration waited{services.wall->MonotonicMicros() - began};
    if (!options.wait || waited >= *options.wait) {
      report.notes.push_back(
          fmt::format("export {} is being worked on by {}", view.newest, owner.runner.ToString()));
      reconciled.busy = true;
      return reconciled;
    }
    services.wall->SleepFor(kPollInterval, services.cancel);
    SLUICE_RETURN_IF_ERROR(services.cancel.Check());
  }
}

void TellAlive(Session& session) {
  const auto view = session.ledger->Load();
  if (!view) return;
  const int64_t settled = view->manifest ? view->newest : std::max<int64_t>(0, view->newest - 1);
  const auto put = session.ledger->PutPublishedHeartbeat(settled, session.services->clock->Now(),
                                                         session.services->program);
  if (!put) spdlog::debug("heartbeat of {}: {}", session.name(), put.error().message);
}

}  // namespace sluice::exporter
