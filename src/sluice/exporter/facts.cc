#include "sluice/exporter/facts.h"

#include <utility>

#include "sluice/delta/schema.h"
#include "sluice/plan/column_choice.h"
#include "sluice/survey/append_survey.h"

namespace sluice::exporter {

Result<AppendSource> LookAtSource(Session& session, const ledger::Position& position,
                                  std::optional<Version> at) {
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  const config::Table& table = *session.table;
  AppendSource source;
  SLUICE_ASSIGN_OR_RETURN(source.snapshot,
                          survey::SurveySnapshot(*session.log, table.watermark, at));
  plan::AppendFacts& facts = source.facts;
  facts.position = position;
  facts.table_id = source.snapshot.metadata.id;
  facts.source_version = source.snapshot.version;
  facts.now = session.services->clock->Now();
  SLUICE_ASSIGN_OR_RETURN(const plan::ColumnChoice choice,
                          plan::ChooseColumns(table, source.snapshot.metadata.schema));
  SLUICE_RETURN_IF_ERROR(plan::FindWatermark(table, source.snapshot.metadata.schema));
  facts.exported_schema = delta::SchemaToJson(delta::TableSchema{choice.output});
  facts.column_choice = plan::DescribeColumnChoice(table);
  SLUICE_ASSIGN_OR_RETURN(const state::StateView state, session.state->Read());
  if (const state::StateRow* row = state.Find(table.table)) {
    facts.row_exists = true;
    facts.row_end = row->last_exported_end_time;
  }
  return source;
}

Status CheckSchemaChange(const Session& session, const plan::AppendFacts& facts,
                         std::vector<std::string>& notes) {
  const config::SchemaChange policy = session.table->on_schema_change;
  const ledger::Position& position = facts.position;
  if (policy == config::SchemaChange::kIgnore || position.exported_schema.empty() ||
      position.column_choice != facts.column_choice ||
      position.exported_schema == facts.exported_schema) {
    return {};
  }
  SLUICE_ASSIGN_OR_RETURN(const auto before, delta::ParseSchema(position.exported_schema));
  SLUICE_ASSIGN_OR_RETURN(const auto after, delta::ParseSchema(facts.exported_schema));
  const auto changes = delta::DescribeSchemaChange(before, after);
  if (changes.empty()) return {};
  const std::string what = fmt::format("the source's schema changed since the last export: {}",
                                       fmt::join(changes, "; "));
  if (policy == config::SchemaChange::kFail) {
    return Fail(
        Error{ErrorKind::kConflict, what,
              "name the columns to share under `columns`, or add to `exclude` what must not "
              "leave; to accept the change run once with on_schema_change: notify"});
  }
  notes.push_back(what);
  return {};
}

Result<std::vector<delta::Commit>> LookAtCommits(Session& session, const plan::AppendFacts& facts) {
  const ledger::Position& position = facts.position;
  const bool nothing_exported = std::holds_alternative<std::monostate>(position.end);
  if (session.table->late_rows == config::LateRows::kIgnore || nothing_exported ||
      !position.scanned_through) {
    return std::vector<delta::Commit>{};
  }
  return survey::SurveyCommits(*session.log, *position.scanned_through, facts.source_version);
}

}  // namespace sluice::exporter
