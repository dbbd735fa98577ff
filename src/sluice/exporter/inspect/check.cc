#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/base/human_text.h"
#include "sluice/columnar/parquet_encoder.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/log/row_tracking.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/delta/schema/type_changes.h"
#include "sluice/delta/snapshot/partition_check.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/inspect/chain.h"
#include "sluice/exporter/inspect/check.h"
#include "sluice/exporter/inspect/check_append.h"
#include "sluice/exporter/inspect/check_catalog.h"
#include "sluice/exporter/inspect/check_log.h"
#include "sluice/exporter/inspect/findings.h"
#include "sluice/exporter/inspect/layout_change.h"
#include "sluice/exporter/inspect/retention.h"
#include "sluice/exporter/report/table_error.h"
#include "sluice/exporter/source/far_ahead.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/exporter/source/source_checks.h"
#include "sluice/plan/append_task.h"
#include "sluice/plan/column_choice.h"
#include "sluice/state/state_change.h"

#include <arrow/type.h>

namespace sluice::exporter {
namespace {

/// From this many commits on, their operations show how a table is used.
constexpr int64_t kFewCommits = 10;
/// A table of this size is expensive to copy in each run.
constexpr int64_t kLargeSnapshot = int64_t{100} << 30;

/// What the operations of the last commits say about the choice of pattern.
void CheckHistory(Session& session, const delta::Snapshot& snapshot, Findings& findings) {
  constexpr int64_t kCommits = 100;
  const auto listing = session.log->List();
  if (!listing || listing->commits.empty()) return;
  std::set<std::string> changing;
  // As far as they follow one another: a hole is CheckLog's.
  Version first = Next(snapshot.version);
  for (auto commit = listing->commits.rbegin(); commit != listing->commits.rend(); ++commit) {
    if (commit->version > snapshot.version) continue;
    const bool follows = Next(commit->version) == first;
    if (!follows || snapshot.version.value - commit->version.value >= kCommits) break;
    first = commit->version;
  }
  if (first > snapshot.version) return;
  for (Version v = first; v <= snapshot.version; v = Next(v)) {
    const auto commit = session.log->ReadCommit(v);
    if (!commit) {
      findings.AddFault(commit.error());
      return;
    }
    const bool takes_rows = std::any_of(commit->removes.begin(), commit->removes.end(),
                                        [](const auto& remove) { return remove.data_change; });
    if (takes_rows) changing.insert(commit->info ? commit->info->operation : "unknown operation");
  }
  const std::string versions =
      fmt::format("versions {} to {}", first.value, snapshot.version.value);
  if (session.table->is_cdc()) {
    if (!changing.empty()) {
      findings.Add(Severity::kOk,
                   fmt::format("{} change rows ({})", versions, fmt::join(changing, ", ")));
    } else if (snapshot.version.value - first.value > kFewCommits) {
      findings.Add(Severity::kNote, versions + " only add rows",
                   "if rows are never changed, pattern append is simpler and cheaper");
    }
    return;
  }
  if (changing.empty()) {
    findings.Add(Severity::kOk, versions + " only add rows");
    return;
  }
  findings.Add(
      Severity::kWarning,
      fmt::format("rows are changed or deleted in the source ({}); pattern append does not "
                  "export that",
                  fmt::join(changing, ", ")),
      "if the partner must see updates and deletes, use pattern cdc");
}

/// Whether run could read any watermark at all.
void CheckWatermark(Session& session, const delta::Snapshot& snapshot, Findings& findings) {
  plan::PlannedExport everything;
  everything.start = plan::kAllTime.start;
  everything.end = plan::kAllTime.end;
  const auto task = plan::MakeWindowTask(*session.table, everything, snapshot);
  if (!task) return findings.AddFault(task.error());
  const auto* watermark = plan::WatermarkOf(*task);
  // Of other types every value is a time.
  if (watermark == nullptr || watermark->type.id != delta::TypeId::kString) return;
  const Status readable = session.mover->RequireReadableWatermark(*task, session.services->cancel);
  if (!readable) findings.AddFault(readable.error());
}

void CheckColumns(Session& session, const delta::Snapshot& snapshot, Findings& findings) {
  const auto choice = plan::ChooseColumns(*session.table, snapshot.metadata.schema);
  if (!choice) return findings.AddFault(choice.error());
  for (const auto& name : choice->replaced) {
    findings.Add(Severity::kWarning,
                 fmt::format("the source's column '{}' is replaced by the partition column of that "
                             "name",
                             name),
                 "rename it in the source if the partner needs it");
  }
  std::vector<delta::Field> read = choice->output;
  const auto* watermark = snapshot.metadata.schema.Find(session.table->watermark());
  if (watermark != nullptr) read.push_back(*watermark);
  const Status partitions =
      delta::RequireReadablePartitions(snapshot, read, session.table->timezone);
  if (!partitions) findings.AddFault(partitions.error());
  if (const Status types = delta::CheckTypeChanges({read}); !types)
    findings.AddFault(types.error());
  auto schema = delta::ToArrow(delta::TableSchema{choice->output});
  if (!schema) return findings.AddFault(schema.error());
  const auto encodable = columnar::CheckEncodable(**schema);
  if (!encodable) findings.AddFault(encodable.error());
}

void CheckClock(const Services& services, const config::Table& table,
                const plan::SourceFacts& facts, Findings& findings) {
  const auto far = FindFarAhead(table.name, facts.position.end, facts.row, LatestClock(services));
  if (far) findings.Add(Severity::kFault, far->message, far->remedy);
}

void CheckPosition(Session& session, PatternSource& source, Findings& findings) {
  const auto work = source.Plan();
  if (!work) return findings.AddFault(work.error());
  if (work->then) findings.AddFault(*work->then);
  const auto changes = CheckSchemaChange(*session.table, source.facts());
  if (!changes) return findings.AddFault(changes.error());
  for (const auto& change : *changes) {
    findings.Add(
        Severity::kWarning, change,
        "tell the partner; `on_schema_change: fail` stops at such a change, `columns` keeps new "
        "columns out");
  }
}

/// A feed needs a way to learn changes, and a key that identifies rows.
void CheckFeed(Session& session, const delta::Snapshot& snapshot, Findings& findings) {
  const auto is_fault = [](const Finding& finding) { return finding.severity == Severity::kFault; };
  const auto changes = session.table->cdc().changes;
  if (!delta::PropertiesOf(snapshot.metadata).change_data_feed) {
    const bool computes = changes != config::Changes::kFeed;
    if (computes && delta::TracksRows(snapshot.protocol, snapshot.metadata)) {
      findings.Add(Severity::kOk,
                   "the change data feed is off; changes are computed from row tracking");
    } else if (changes == config::Changes::kRows) {
      findings.Add(Severity::kNote,
                   "the change data feed and row tracking are off: whole rows are compared, and an "
                   "update is a delete and an insert",
                   "turn one of them on: ALTER TABLE ... SET TBLPROPERTIES "
                   "(delta.enableRowTracking = true), or delta.enableChangeDataFeed");
    } else if (std::none_of(findings.all().begin(), findings.all().end(), is_fault)) {
      // Planning says it with the versions, where it got that far.
      findings.Add(Severity::kFault,
                   computes ? "the change data feed and row tracking are off"
                            : "the change data feed is off",
                   "ALTER TABLE ... SET TBLPROPERTIES (delta.enableChangeDataFeed = true)");
    }
  } else {
    const auto since = delta::FeedEnabledSince(*session.log, snapshot);
    findings.Add(Severity::kOk,
                 since ? fmt::format("the change data feed is on since version {}", since->value)
                       : std::string("the change data feed is on"));
  }
  const auto choice = plan::ChooseColumns(*session.table, snapshot.metadata.schema);
  if (!choice) return;  // reported already
  static constexpr std::array<std::string_view, 5> kKeys{"id", "key", "uuid", "guid", "pk"};
  const bool has_key =
      std::any_of(choice->output.begin(), choice->output.end(), [](const delta::Field& field) {
        const std::string name = FoldColumnName(field.name);
        return !field.nullable || std::any_of(kKeys.begin(), kKeys.end(), [&](auto key) {
          return name == key || name.ends_with(std::string("_") + std::string(key)) ||
                 name.ends_with(key);
        });
      });
  if (has_key) return;
  findings.Add(Severity::kWarning,
               "no exported column looks like a key, so the partner cannot know which row a change "
               "belongs to",
               "add the table's key column to `columns`");
}

void CheckSize(const delta::Snapshot& snapshot, Findings& findings) {
  if (snapshot.total_bytes < kLargeSnapshot) return;
  findings.Add(Severity::kWarning,
               fmt::format("each run copies the whole table: {}", HumanBytes(snapshot.total_bytes)),
               "pattern cdc or append exports only what is new");
}

void CheckRetention(Session& session, const ledger::Position& position, Findings& findings) {
  const auto retention = LookAtRetention(session, NeededAfter(*session.table, position));
  if (!retention) return findings.AddFault(retention.error());
  if (!retention->left) return;
  constexpr Duration kSoon = Days(3);
  if (*retention->left < kSoon) {
    findings.Add(
        Severity::kWarning,
        retention->lost ? std::string("the source has dropped what the next run needs")
        : retention->left->micros <= 0
            ? std::string("the source may drop commits that the next run needs at any time")
            : fmt::format("the source may drop commits that the next run needs in {}",
                          FormatDuration(*retention->left)),
        session.table->is_cdc() ? "run now, or raise delta.deletedFileRetentionDuration and "
                                  "delta.logRetentionDuration on the source"
                                : "run now, or raise delta.logRetentionDuration on the source");
  } else {
    findings.Add(Severity::kOk,
                 fmt::format("{} left before the source may drop what the next run "
                             "needs",
                             FormatDuration(Days(retention->left->micros / Days(1).micros))));
  }
}

/// Where nothing is exported yet and someone else's state row exists, `start` does not apply.
void CheckForeignRow(Session& session, const ledger::Position& position, Findings& findings) {
  if (!KeepsState(*session.table) || !std::holds_alternative<std::monostate>(position.end)) return;
  const auto state = session.state->Read(session.table->table);
  if (!state) return;  // reported with the position
  const state::StateRow* row = state->Find(session.table->table);
  const auto stands =
      row == nullptr ? std::nullopt : state::PositionOf(*row, ProgressOf(*session.table));
  if (!stands) return;
  findings.Add(
      Severity::kNote,
      fmt::format("the row in _export_state is at {}, but '{}' has exported nothing: the first "
                  "window begins there and not at `start`",
                  state::FormatPosition(stands, ProgressOf(*session.table)), session.name()),
      "fine if a notebook exported up to there; otherwise run " +
          WithName("`sluice state forget NAME`", session.name()));
}

/// Exports must chain from the first to the newest; the whole proof is `verify`'s. False where the records of the
/// newest are gone: then nothing else can be said before that is settled.
Result<bool> CheckChain(Session& session, Findings& findings) {
  SLUICE_ASSIGN_OR_RETURN(const auto chain, LookAtNewestOfChain(session));
  for (const auto& fault : ledger::Describe(chain, session.name())) {
    findings.AddFault(Error{ErrorKind::kConflict, fault.message, fault.remedy});
  }
  for (const auto& gap : chain.gaps) {
    const std::string words = ledger::Describe(gap);
    if (!words.empty()) findings.Add(Severity::kNote, words);
  }
  return !chain.LostEnd();
}

Status CheckTableInto(const Services& services, const config::Table& table, Findings& findings) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  SLUICE_ASSIGN_OR_RETURN(const bool has_end, CheckChain(session, findings));
  if (!has_end) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto view, session.ledger->Load());
  SourceOptions options;
  if (view.decision && !view.manifest && !view.decision->is_void()) {
    findings.Add(Severity::kNote,
                 fmt::format("export {} is decided and not yet visible", view.newest),
                 "the next run finishes it");
    options.assume_row_at = view.decision->position.end;
  }
  SLUICE_ASSIGN_OR_RETURN(const bool to_follow, StateIsToFollow(session.context(), view));
  if (to_follow) {
    findings.Add(
        Severity::kNote,
        fmt::format("export {} is visible, but _export_state has not followed", view.newest),
        "the next run updates it");
    options.assume_row_at = view.decision->position.end;
  }
  SLUICE_ASSIGN_OR_RETURN(const bool found, CheckCatalog(session, findings));
  if (!found) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto source, LookAtSource(session, view.position(), options));
  const delta::Snapshot& snapshot = source->snapshot();
  findings.Add(Severity::kOk,
               fmt::format("{}{}: version {}, {}, {}", session.found ? "first read of " : "",
                           session.source->DisplayName(""), snapshot.version.value,
                           Plural(snapshot.num_files, "file"), HumanBytes(snapshot.total_bytes)));
  CheckForeignRow(session, view.position(), findings);
  CheckLog(session, snapshot, findings);
  CheckColumns(session, snapshot, findings);
  for (const auto& change : FindLayoutChanges(view, table)) {
    findings.Add(Severity::kWarning, change.message, WithName(change.remedy, table.name));
  }
  CheckPosition(session, *source, findings);
  switch (table.pattern()) {
    case config::Pattern::kAppend:
      CheckClock(services, table, source->facts(), findings);
      CheckHistory(session, snapshot, findings);
      CheckWatermark(session, snapshot, findings);
      CheckStart(session, snapshot, findings);
      CheckWatermarkValues(session, snapshot, findings);
      break;
    case config::Pattern::kCdc:
      CheckFeed(session, snapshot, findings);
      CheckHistory(session, snapshot, findings);
      break;
    case config::Pattern::kSnapshot:
      CheckSize(snapshot, findings);
      break;
  }
  const bool is_well =
      std::none_of(findings.all().begin(), findings.all().end(),
                   [](const Finding& finding) { return finding.severity == Severity::kFault; });
  // A fault says where it is already too late.
  if (is_well) CheckRetention(session, view.position(), findings);
  return {};
}

}  // namespace

std::vector<Finding> CheckTable(const Services& services, const config::Table& table) {
  Findings findings(table.name);
  Status status = Guarded([&] { return CheckTableInto(services, table, findings); });
  if (!status) findings.AddFault(status.error());
  const bool chooses = !table.columns.empty() || !table.exclude.empty();
  if (!status && status.error().kind == ErrorKind::kConfig && chooses) {
    // A wrong column name must not hide other faults: check the rest as if no columns were chosen.
    config::Table of_all_columns = table;
    of_all_columns.columns.clear();
    of_all_columns.exclude.clear();
    status = Guarded([&] { return CheckTableInto(services, of_all_columns, findings); });
    if (!status) findings.AddFault(status.error());
  }
  return std::move(findings).Take();
}

}  // namespace sluice::exporter
