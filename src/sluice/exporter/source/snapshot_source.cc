#include "sluice/exporter/source/snapshot_source.h"

#include <algorithm>
#include <utility>

namespace sluice::exporter {
namespace {

bool ChangesRows(const delta::Commit& commit) {
  const auto changes = [](const auto& action) { return action.data_change; };
  return std::any_of(commit.adds.begin(), commit.adds.end(), changes) ||
         std::any_of(commit.removes.begin(), commit.removes.end(), changes);
}

}  // namespace

Result<std::unique_ptr<SnapshotSource>> SnapshotSource::Look(Session& session,
                                                             const ledger::Position& position,
                                                             const SourceOptions& options) {
  std::unique_ptr<SnapshotSource> source(new SnapshotSource(session));
  SLUICE_RETURN_IF_ERROR(source->Pin(position, options, {}));
  if (options.at) {
    SLUICE_ASSIGN_OR_RETURN(const auto listing, session.log->List());
    if (!listing.commits.empty()) source->facts_.latest = listing.commits.back().version;
  }
  return source;
}

Result<PlannedWork> SnapshotSource::Plan() {
  PlannedWork work;
  if (session_.table->snapshot().skip_unchanged) {
    SLUICE_ASSIGN_OR_RETURN(facts_.unchanged, IsUnchanged());
  }
  SLUICE_ASSIGN_OR_RETURN(work.exports, plan::PlanSnapshot(*session_.table, facts_));
  return work;
}

Result<bool> SnapshotSource::IsUnchanged() const {
  const ledger::Position& position = facts_.position;
  if (!position.newest_snapshot || !position.scanned_through ||
      position.table_id != facts_.table_id || position.exported_schema != facts_.exported_schema ||
      position.column_choice != facts_.column_choice ||
      facts_.source_version < *position.scanned_through) {
    return false;
  }
  const auto commits = session_.log->ReadCommits(*position.scanned_through, facts_.source_version);
  if (!commits) {
    // What the log no longer tells may have been a change; so may a hole below the checkpoint.
    if (commits.error().kind == ErrorKind::kSourceGone) return false;
    if (commits.error().kind == ErrorKind::kCorrupt) return false;
    return Fail(commits.error());
  }
  return std::none_of(commits->begin(), commits->end(), ChangesRows);
}

Result<plan::PlannedExport> SnapshotSource::PlanAgain(const ledger::Intent& intent) {
  return plan::PlanSnapshotAgain(intent, facts_);
}

Result<plan::ExportTask> SnapshotSource::MakeTask(const plan::PlannedExport& planned) {
  return plan::MakeWholeTableTask(*session_.table, planned, snapshot_);
}

}  // namespace sluice::exporter
