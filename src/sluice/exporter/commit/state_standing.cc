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

state::Advance AdvanceBy(const CommitContext& context, const ledger::Decision& decision) {
  state::Advance advance;
  advance.app_id = context.app_id();
  advance.n = decision.n;
  advance.source_table = context.table.table;
  advance.progress = ProgressOf(context.table);
  advance.expected = ledger::ValueOf(decision.state_expected);
  advance.value = ledger::ValueOf(decision.state_value);
  advance.ran_at = context.clock.Now();
  return advance;
}

}  // namespace

Result<bool> StateFollowed(const CommitContext& context, int64_t n) {
  SLUICE_ASSIGN_OR_RETURN(const auto through, context.state.FollowedThrough(context.app_id()));
  return through && *through >= n;
}

Status RequireStateWritable(const CommitContext& context) {
  if (!KeepsState(context.table)) return {};
  return context.state.RequireWritable(context.table.table, ProgressOf(context.table));
}

Status FollowState(const CommitContext& context, const ledger::Decision& decision) {
  if (decision.state_forced || decision.state_forget) {
    state::Reset reset;
    reset.app_id = context.app_id();
    reset.n = decision.n;
    reset.source_table = context.table.table;
    reset.progress = ProgressOf(context.table);
    if (!decision.state_forget) reset.value = ledger::ValueOf(decision.state_value);
    reset.ran_at = context.clock.Now();
    return context.state.Apply(reset);
  }
  SLUICE_ASSIGN_OR_RETURN(const auto outcome, context.state.Follow(AdvanceBy(context, decision)));
  if (outcome == state::AdvanceOutcome::kRowAhead) {
    spdlog::info("{}: another writer moved the row in _export_state past {}", context.name(),
                 ledger::ToText(decision.state_value));
  }
  return {};
}

Status LetStateFollow(const CommitContext& context, const ledger::Decision& decision) {
  if (!KeepsState(context.table)) return {};
  SLUICE_ASSIGN_OR_RETURN(const bool followed, StateFollowed(context, decision.n));
  return followed ? Status() : FollowState(context, decision);
}

Result<bool> StateIsToFollow(const CommitContext& context, const ledger::LedgerView& view) {
  if (!view.decision || !view.manifest || view.decision->is_void() || !KeepsState(context.table)) {
    return false;
  }
  SLUICE_ASSIGN_OR_RETURN(const bool followed, StateFollowed(context, view.newest));
  if (followed) return false;
  if (view.decision->state_forced || view.decision->state_forget) return true;
  if (!RequireNotLost(context, view.newest, view.position())) return false;
  SLUICE_ASSIGN_OR_RETURN(auto state, context.state.Read(context.table.table));
  std::erase_if(state.rows,
                [&](const auto& row) { return row.source_table != context.table.table; });
  return state::Decide(state.rows, std::nullopt, AdvanceBy(context, *view.decision)).has_value();
}

Status RequireFreshState(const CommitContext& context) {
  if (!KeepsState(context.table)) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto followed, context.state.FollowedThrough(context.app_id()));
  if (!followed) return {};
  return Fail(Error{
      ErrorKind::kConflict,
      fmt::format("_export_state has followed export {}, but the ledger of these exports is gone",
                  *followed),
      fmt::format(
          "restore the folder _sluice/{0} from a copy; if it is lost for good, `sluice state "
          "forget {0}` starts again",
          context.name())});
}

Result<std::optional<Error>> FindRowBehind(const CommitContext& context,
                                           const ledger::Position& position) {
  const auto exported = ledger::ValueOf(position.end);
  if (!KeepsState(context.table) || !exported) return std::nullopt;
  SLUICE_ASSIGN_OR_RETURN(const auto state, context.state.Read(context.table.table));
  const state::StateRow* row = state.Find(context.table.table);
  const state::Progress progress = ProgressOf(context.table);
  const auto stands = row == nullptr ? std::nullopt : state::PositionOf(*row, progress);
  if (stands && *stands >= *exported) return std::nullopt;
  return plan::RowConflict(DescribeRow(row, progress), state::FormatPosition(exported, progress),
                           ledger::ToText(position.end));
}

Status RequireNotLost(const CommitContext& context, int64_t n, const ledger::Position& position) {
  const auto last = ReadLastRun(context);
  if (!last || last->settled < n) return {};
  SLUICE_ASSIGN_OR_RETURN(auto behind, FindRowBehind(context, position));
  if (behind) return Fail(*std::move(behind));
  return {};
}

}  // namespace sluice::exporter
