#include "sluice/exporter/standstill.h"

#include <array>
#include <functional>
#include <utility>

#include "sluice/ledger/ledger_identity.h"
#include "sluice/plan/append_plan.h"
#include "sluice/plan/planned_export.h"
#include "sluice/runtime/executor.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

std::string DurationText(const std::optional<Duration>& duration) {
  return duration ? FormatDuration(*duration) : std::string();
}

/// Of everything in the config that decides whether a run finds something to do or something wrong.
std::string DigestOfConfig(const Session& session) {
  const config::Table& table = *session.table;
  nlohmann::json all = {{"shape", plan::ShapeOf(table)},
                        {"identity", ledger::Serialize(session.identity)},
                        {"program", session.services->program},
                        {"delay", FormatDuration(table.delay)},
                        {"on_schema_change", Name(table.on_schema_change)}};
  // A table that was made again under its name is another one, whatever lies in its log.
  if (session.found) all["catalog_id"] = session.found->id;
  if (table.is_cdc()) {
    all["changes"] = Name(table.cdc().changes);
    all["images"] = Name(table.cdc().images);
    all["schema_mode"] = Name(table.cdc().schema_mode);
  }
  if (table.is_snapshot()) {
    all["keep"] = table.snapshot().keep;
    all["keep_for"] = DurationText(table.snapshot().keep_for);
    all["skip_unchanged"] = table.snapshot().skip_unchanged;
  }
  return ledger::DigestOf(all);
}

/// Where the table's row stands, in the text of a Standstill; nullopt where the state has not followed export n.
Result<std::optional<std::string>> RowThatFollowed(const Session& session, int64_t n,
                                                   state::StateView& view) {
  SLUICE_ASSIGN_OR_RETURN(view, session.state->Read(session.table->table));
  const auto followed = view.FollowedThrough(session.context().app_id());
  const state::StateRow* const row = view.Find(session.table->table);
  if (row == nullptr || !followed || *followed < n) return std::nullopt;
  ledger::Bound stands;
  if (session.table->is_append()) {
    if (row->last_exported_end_time) stands = *row->last_exported_end_time;
  } else if (row->last_exported_version) {
    stands = *row->last_exported_version;
  }
  return ledger::ToText(stands);
}

/// Fills in what is known of the state. False where the next run may find something to do with it.
Result<bool> NoteState(const Session& session, Standstill& still) {
  if (!KeepsState(*session.table)) return true;
  state::StateView view;
  SLUICE_ASSIGN_OR_RETURN(const auto row, RowThatFollowed(session, still.n, view));
  if (!row || *row != still.row || view.mark.empty()) return false;
  still.state = view.version;
  still.state_mark = view.mark;
  return true;
}

/// False where another table's export moved the state on, which says nothing of this table's row.
Result<bool> StateStandsStill(const Session& session, Standstill& still) {
  if (!KeepsState(*session.table)) return true;
  SLUICE_ASSIGN_OR_RETURN(const bool same, session.state->IsStill(still.state, still.state_mark));
  return same ? true : NoteState(session, still);
}

Result<bool> SourceStandsStill(const Session& session, const Standstill& still) {
  SLUICE_ASSIGN_OR_RETURN(const auto newest, session.log->FindNewest(still.source));
  return newest && newest->version == still.source && newest->Mark() == still.source_mark;
}

Result<bool> LedgerStandsStill(const Session& session, const Standstill& still) {
  SLUICE_ASSIGN_OR_RETURN(const auto mark, session.ledger->MarkOfNewest(still.n));
  return mark == still.ledger;
}

/// Each of the three places is asked once, all at the same time.
Result<bool> AllStandsStill(Session& session, Standstill& still) {
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  const std::array<std::function<Result<bool>()>, 3> questions{
      [&] { return LedgerStandsStill(session, still); },
      [&] { return SourceStandsStill(session, still); },
      [&] { return StateStandsStill(session, still); }};
  std::array<char, 3> answers{};
  SLUICE_RETURN_IF_ERROR(
      runtime::ParallelFor(3, 3, session.services->cancel, [&](size_t i) -> Status {
        SLUICE_ASSIGN_OR_RETURN(const bool yes, questions[i]());
        answers[i] = yes ? 1 : 0;
        return {};
      }));
  return answers == std::array<char, 3>{1, 1, 1};
}

}  // namespace

std::optional<Standstill> FindStandstill(Session& session, int64_t settled, const Outlook& seen) {
  const config::Table& table = *session.table;
  // A snapshot that is never skipped is due at once; an empty ledger says nothing.
  if (table.is_snapshot() && !table.snapshot().skip_unchanged) return std::nullopt;
  if (settled < 1 || seen.source_mark.empty()) return std::nullopt;
  Standstill still;
  still.config = DigestOfConfig(session);
  still.n = settled;
  still.source = seen.source;
  still.source_mark = seen.source_mark;
  still.row = ledger::ToText(seen.end);
  still.state = Version{-1};
  still.due = seen.due;
  if (table.is_append()) {
    const auto* end = std::get_if<Timestamp>(&seen.end);
    if (end == nullptr) return std::nullopt;
    still.due = plan::NextWindowAt(table, *end);
  }
  const auto noted = NoteState(session, still);
  if (!noted || !*noted) return std::nullopt;
  const auto mark = session.ledger->MarkOfNewest(settled);
  if (!mark || !*mark) return std::nullopt;
  still.ledger = **mark;
  return still;
}

std::optional<Standstill> StandsStill(Session& session, const RunOptions& options) {
  if (options.at_version || options.reseed) return std::nullopt;
  auto last = ReadLastRun(session.context());
  if (!last || !last->standstill) return std::nullopt;
  Standstill& still = *last->standstill;
  const Timestamp now = session.services->clock->Now();
  if (now < last->at || (still.due && now >= *still.due)) return std::nullopt;
  if (still.config != DigestOfConfig(session)) return std::nullopt;
  const auto same = AllStandsStill(session, still);
  if (!same) spdlog::debug("{}: {}", session.name(), same.error().message);
  if (!same || !*same) return std::nullopt;
  return std::move(still);
}

}  // namespace sluice::exporter
