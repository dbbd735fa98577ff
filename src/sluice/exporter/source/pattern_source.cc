#include "sluice/exporter/source/pattern_source.h"

#include <utility>

#include "sluice/delta/schema/schema.h"
#include "sluice/exporter/source/append_source.h"
#include "sluice/exporter/source/feed_source.h"
#include "sluice/exporter/source/snapshot_source.h"
#include "sluice/plan/column_choice.h"

namespace sluice::exporter {
namespace {

template <typename Source>
Result<std::unique_ptr<PatternSource>> Look(Session& session, const ledger::Position& position,
                                            const SourceOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<PatternSource> source,
                          Source::Look(session, position, options));
  return source;
}

}  // namespace

Result<std::unique_ptr<PatternSource>> LookAtSource(Session& session,
                                                    const ledger::Position& position,
                                                    const SourceOptions& options) {
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  switch (session.table->pattern) {
    case config::Pattern::kAppend:
      return Look<AppendSource>(session, position, options);
    case config::Pattern::kCdc:
      return Look<FeedSource>(session, position, options);
    case config::Pattern::kSnapshot:
      return Look<SnapshotSource>(session, position, options);
  }
  return Fail(ErrorKind::kInternal, "a table without a pattern");
}

Result<std::optional<state::StateRow>> FillFacts(Session& session, const ledger::Position& position,
                                                 const delta::Snapshot& snapshot,
                                                 plan::SourceFacts& facts) {
  const config::Table& table = *session.table;
  facts.position = position;
  facts.table_id = snapshot.metadata.id;
  facts.source_version = snapshot.version;
  facts.now = session.services->clock->Now();
  SLUICE_ASSIGN_OR_RETURN(const plan::ColumnChoice choice,
                          plan::ChooseColumns(table, snapshot.metadata.schema));
  facts.exported_schema =
      delta::SchemaToJson(delta::WithoutMetadata(delta::TableSchema{choice.output}));
  facts.column_choice = plan::DescribeColumnChoice(table);
  if (!KeepsState(session)) return std::nullopt;
  SLUICE_ASSIGN_OR_RETURN(const state::StateView state, session.state->Read(table.table));
  const state::StateRow* row = state.Find(table.table);
  facts.row_exists = row != nullptr;
  return row == nullptr ? std::nullopt : std::optional(*row);
}

Status RequireNoHole(const Session& session, std::optional<Version> seen, Version pinned) {
  if (seen && pinned <= *seen) return {};
  SLUICE_ASSIGN_OR_RETURN(const delta::LogListing listing,
                          session.log->List(seen ? std::optional(Next(*seen)) : std::nullopt));
  if (listing.commits.empty()) return {};
  return delta::Log::RequireContiguous(listing, listing.commits.front().version, pinned,
                                       session.log->store().DisplayName(""));
}

Status CheckSchemaChange(const Session& session, const plan::SourceFacts& facts,
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

}  // namespace sluice::exporter
