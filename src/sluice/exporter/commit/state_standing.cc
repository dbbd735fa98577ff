#include "sluice/exporter/commit/state_standing.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/exporter/commit/last_run.h"
#include "sluice/ledger/in_force.h"
#include "sluice/plan/source_facts.h"
#include "sluice/runtime/log.h"
#include "sluice/state/state_change.h"

namespace sluice::exporter {
namespace {

std::string DescribeRow(const state::StateRow* row, state::Progress progress) {
  if (row == nullptr) return "is missing";
  const auto position = state::PositionOf(*row, progress);
  if (position) return "stands at " + state::FormatPosition(position, progress);
  return progress == state::Progress::kEndTime ? "has last_exported_end_time NULL"
                                               : "has last_exported_version NULL";
}

state::Advance AdvanceBy(const Session& session, const ledger::Decision& decision) {
  state::Advance advance;
  advance.app_id = session.app_id();
  advance.n = decision.n;
  advance.source_table = session.table->table;
  advance.progress = ProgressOf(session);
  advance.expected = ledger::ValueOf(decision.state_expected);
  advance.value = ledger::ValueOf(decision.state_value);
  advance.ran_at = session.services->clock->Now();
  return advance;
}

}  // namespace

Result<bool> StateFollowed(Session& session, int64_t n) {
  SLUICE_ASSIGN_OR_RETURN(const auto through, session.state->FollowedThrough(session.app_id()));
  return through && *through >= n;
}

Status FollowState(Session& session, const ledger::Decision& decision) {
  if (decision.state_forced || decision.state_forget) {
    state::Reset reset;
    reset.app_id = session.app_id();
    reset.n = decision.n;
    reset.source_table = session.table->table;
    reset.progress = ProgressOf(session);
    if (!decision.state_forget) reset.value = ledger::ValueOf(decision.state_value);
    reset.ran_at = session.services->clock->Now();
    return session.state->Apply(reset);
  }
  SLUICE_ASSIGN_OR_RETURN(const auto outcome, session.state->Follow(AdvanceBy(session, decision)));
  if (outcome == state::AdvanceOutcome::kRowAhead) {
    spdlog::info("{}: another writer moved the row in _export_state past {}", session.name(),
                 ledger::ToText(decision.state_value));
  }
  return {};
}

Status LetStateFollow(Session& session, const ledger::Decision& decision) {
  if (!KeepsState(session)) return {};
  SLUICE_ASSIGN_OR_RETURN(const bool followed, StateFollowed(session, decision.n));
  return followed ? Status() : FollowState(session, decision);
}

Result<bool> StateIsToFollow(Session& session, const ledger::LedgerView& view) {
  if (!view.decision || !view.manifest || view.decision->is_void() || !KeepsState(session)) {
    return false;
  }
  SLUICE_ASSIGN_OR_RETURN(const bool followed, StateFollowed(session, view.newest));
  if (followed) return false;
  if (view.decision->state_forced || view.decision->state_forget) return true;
  if (!RequireNotLost(session, view.newest, view.position())) return false;
  SLUICE_ASSIGN_OR_RETURN(auto state, session.state->Read(session.table->table));
  std::erase_if(state.rows,
                [&](const auto& row) { return row.source_table != session.table->table; });
  return state::Decide(state.rows, std::nullopt, AdvanceBy(session, *view.decision)).has_value();
}

Status RequireFreshState(Session& session) {
  if (!KeepsState(session)) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto followed, session.state->FollowedThrough(session.app_id()));
  if (!followed) return {};
  return Fail(Error{
      ErrorKind::kConflict,
      fmt::format("_export_state has followed export {}, but the ledger of these exports is gone",
                  *followed),
      fmt::format("restore the folder _sluice/{} from a copy, or give the table another `name`, "
                  "whose exports start again at 1",
                  session.name())});
}

Result<std::optional<Error>> FindRowBehind(Session& session, const ledger::Position& position) {
  const auto exported = ledger::ValueOf(position.end);
  if (!KeepsState(session) || !exported) return std::nullopt;
  SLUICE_ASSIGN_OR_RETURN(const auto state, session.state->Read(session.table->table));
  const state::StateRow* row = state.Find(session.table->table);
  const state::Progress progress = ProgressOf(session);
  const auto stands = row == nullptr ? std::nullopt : state::PositionOf(*row, progress);
  if (stands && *stands >= *exported) return std::nullopt;
  return plan::RowConflict(DescribeRow(row, progress), state::FormatPosition(exported, progress),
                           ledger::ToText(position.end));
}

Status RequireNotLost(Session& session, int64_t n, const ledger::Position& position) {
  const auto last = ReadLastRun(session);
  if (!last || last->settled < n) return {};
  SLUICE_ASSIGN_OR_RETURN(auto behind, FindRowBehind(session, position));
  if (behind) return Fail(*std::move(behind));
  return {};
}

}  // namespace sluice::exporter
