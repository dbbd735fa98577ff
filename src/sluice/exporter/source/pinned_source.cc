#include "sluice/exporter/source/pinned_source.h"

#include <algorithm>

#include "sluice/delta/schema/column_mapping.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/plan/column_choice.h"
#include "sluice/state/state_change.h"

namespace sluice::exporter {
namespace {

ledger::Bound RowPosition(const Session& session, const state::StateRow& row) {
  if (session.table->is_append()) {
    return row.last_exported_end_time ? ledger::Bound(*row.last_exported_end_time)
                                      : ledger::Bound();
  }
  return row.last_exported_version ? ledger::Bound(*row.last_exported_version) : ledger::Bound();
}

/// "" where the log does not hold that commit, or not any more. The same of a staged commit and of its published
/// copy.
Result<std::string> DigestOfCommit(const delta::Log& log, Version version) {
  SLUICE_ASSIGN_OR_RETURN(const auto text, log.FindCommitFile(version));
  return text ? ledger::DigestOfText(*text) : std::string();
}

}  // namespace

Status FillFacts(Session& session, const ledger::Position& position, const SourceOptions& options,
                 const delta::Snapshot& snapshot, plan::SourceFacts& facts) {
  const config::Table& table = *session.table;
  facts.position = position;
  facts.table_id = snapshot.metadata.id;
  if (session.found) facts.catalog_id = session.found->id;
  facts.source_version = snapshot.version;
  facts.now = session.services->clock->Now();
  const delta::TableSchema& schema = snapshot.metadata.schema;
  // What the entries of a feed name may be gone by now: the changes say later what they had.
  SLUICE_ASSIGN_OR_RETURN(const plan::ColumnChoice choice,
                          table.is_cdc() ? plan::ChooseColumnsAsOf(table, schema, schema)
                                         : plan::ChooseColumns(table, schema));
  facts.exported_schema =
      delta::SchemaToJson(delta::WithMappingOnly(delta::TableSchema{choice.output}));
  facts.column_choice = plan::DescribeColumnChoice(table);
  SLUICE_ASSIGN_OR_RETURN(facts.source_commit, DigestOfCommit(*session.log, snapshot.version));
  if (position.scanned_through == snapshot.version) {
    facts.scanned_commit = facts.source_commit;
  } else if (position.scanned_through && !position.scanned_commit.empty()) {
    SLUICE_ASSIGN_OR_RETURN(facts.scanned_commit,
                            DigestOfCommit(*session.log, *position.scanned_through));
  }
  if (!KeepsState(table)) return {};
  SLUICE_ASSIGN_OR_RETURN(const state::StateView state, session.state->Read(table.table));
  const state::StateRow* row = state.Find(table.table);
  facts.row_exists = row != nullptr;
  if (row != nullptr) facts.row = RowPosition(session, *row);
  if (!std::holds_alternative<std::monostate>(options.assume_row_at)) {
    facts.row_exists = true;
    facts.row = std::max(facts.row, options.assume_row_at);
  }
  return {};
}

}  // namespace sluice::exporter
