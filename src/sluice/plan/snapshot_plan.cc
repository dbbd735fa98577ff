#include "sluice/plan/snapshot_plan.h"

#include <algorithm>
#include <utility>

#include "sluice/plan/output_layout.h"

namespace sluice::plan {
namespace {

using ledger::ExportKind;

constexpr int64_t kSecond = 1'000'000;

PlannedExport WholeTable(const SourceFacts& facts, ExportKind kind, Timestamp at) {
  PlannedExport planned;
  planned.what = PlannedWholeTable{kind, at};
  planned.source_version = facts.source_version;
  if (kind == ExportKind::kSnapshot) {
    planned.end = at;
  } else {
    planned.end = facts.source_version;
    planned.state_value = facts.source_version;
  }
  ledger::Position before = facts.position;
  if (kind == ExportKind::kReseed) before = ledger::Position{};  // a new beginning
  planned.position = PositionAfter(before, facts, planned.end, planned.end);
  planned.position.newest_snapshot = at;
  planned.state_forced = kind == ExportKind::kReseed;
  return planned;
}

}  // namespace

Timestamp NextSnapshotTime(const ledger::Position& position, Timestamp now) {
  const int64_t into = now.micros % kSecond;
  const Timestamp second{now.micros - (into < 0 ? into + kSecond : into)};
  if (!position.newest_snapshot) return second;
  return std::max(second, *position.newest_snapshot + Seconds(1));
}

Result<std::vector<PlannedExport>> PlanSnapshot(const config::Table& table,
                                                const SnapshotFacts& facts) {
  // An older version by hand is a snapshot like any other; a source that went back is not.
  SourceFacts source = facts;
  source.source_version = facts.latest.value_or(facts.source_version);
  SLUICE_RETURN_IF_ERROR(
      CheckSource(source, facts.position.scanned_through, "`sluice state forget NAME`"));
  std::vector<PlannedExport> exports;
  if (table.snapshot().skip_unchanged && facts.unchanged) return exports;
  exports.push_back(
      WholeTable(facts, ExportKind::kSnapshot, NextSnapshotTime(facts.position, facts.now)));
  return exports;
}

PlannedExport PlanSeed(const SourceFacts& facts, ExportKind kind) {
  return WholeTable(facts, kind, NextSnapshotTime(facts.position, facts.now));
}

PlannedExport PlanSnapshotAgain(const ledger::Intent& intent, const SourceFacts& facts) {
  // The time stays that of the intent: a runner that adopts an export writes into the folder that it named.
  const Timestamp at = intent.snapshot_at.value_or(NextSnapshotTime(facts.position, facts.now));
  return WholeTable(facts, intent.kind, at);
}

Result<ExportTask> MakeWholeTableTask(const config::Table& table, const PlannedExport& planned,
                                      const delta::Snapshot& snapshot) {
  const PlannedWholeTable* whole_table = planned.whole_table();
  if (whole_table == nullptr) {
    return Fail(ErrorKind::kInternal, "a {} is not a whole table", Name(planned.kind()));
  }
  SLUICE_ASSIGN_OR_RETURN(ExportTask task, BeginTask(table, snapshot.metadata));
  task.data_folder = DataFolder(config::Pattern::kSnapshot, table.name);
  task.partitioning.kind = Partitioning::Kind::kSnapshot;
  task.partitioning.snapshot = SnapshotFolder(whole_table->at);
  WholeTableRead whole;
  for (const auto& file : snapshot.files) whole.files.push_back(ToSourceFile(file));
  task.read = std::move(whole);
  return task;
}

}  // namespace sluice::plan
