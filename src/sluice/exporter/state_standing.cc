#include "sluice/exporter/state_standing.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/exporter/last_run.h"
#include "sluice/plan/source_facts.h"
#include "sluice/state/state_change.h"

namespace sluice::exporter {
namespace {

std::optional<int64_t> BoundValue(const ledger::Bound& bound) {
  if (const auto* t = std::get_if<Timestamp>(&bound)) return t->micros;
  if (const auto* v = std::get_if<Version>(&bound)) return v->value;
  return std::nullopt;
}

std::string DescribeRow(const state::StateRow* row, state::Progress progress) {
  if (row == nullptr) return "is missing";
  const auto position = state::PositionOf(*row, progress);
  if (position) return "stands at " + state::FormatPosition(position, progress);
  return progress == state::Progress::kEndTime ? "has last_exported_end_time NULL"
                                               : "has last_exported_version NULL";
}

}  // namespace

Result<std::optional<Error>> FindRowBehind(Session& session, const ledger::Position& position) {
  const auto exported = BoundValue(position.end);
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
