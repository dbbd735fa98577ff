#include <algorithm>
#include <set>
#include <utility>

#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/first_run.h"
#include "sluice/exporter/report/table_error.h"
#include "sluice/exporter/source/pattern_source.h"
#include "sluice/plan/output_layout.h"

namespace sluice::exporter {
namespace {

/// S3 Standard, us-east-1, list price in dollars for one request.
constexpr double kPutPrice = 0.005 / 1000;
constexpr double kGetPrice = 0.0004 / 1000;
/// Of one number: intent, two heartbeats, decision, manifest, published heartbeat, state data and commit.
constexpr int64_t kPutsPerNumber = 8;
constexpr int64_t kGetsPerNumber = 10;
/// Footer and column chunks of one source file, coalesced.
constexpr int64_t kGetsPerFile = 3;

/// How many folders the rows of `task.files` can fall into, by the statistics; at most those of the window.
int64_t CountPartitions(const plan::ExportTask& task) {
  using Kind = plan::Partitioning::Kind;
  if (task.partitioning.kind == Kind::kSnapshot) return 1;
  if (task.files.empty()) return 0;
  const int64_t step = (task.partitioning.kind == Kind::kHour ? Hours(1) : Days(1)).micros;
  int64_t low = task.window.end.micros, high = task.window.start.micros;
  for (const auto& file : task.files) {
    low = std::min(low, std::max(file.watermark_min.value_or(task.window.start.micros),
                                 task.window.start.micros));
    high = std::max(high, std::min(file.watermark_max.value_or(task.window.end.micros),
                                   task.window.end.micros));
  }
  return low > high ? 0 : (high - low) / step + 1;
}

/// The files of a window of the change feed: read from its commits.
Status DescribeFeed(const Session& session, const plan::ExportTask& task, PlannedWindow& window) {
  std::set<std::string> folders;
  SLUICE_RETURN_IF_ERROR(delta::VisitChanges(
      *session.log, *task.feed, [&](const delta::CommitChanges& changes) -> Status {
        for (const auto& file : changes.files) {
          ++window.source_files;
          window.source_bytes += file.size.value_or(0);
        }
        if (!changes.files.empty()) {
          folders.insert(plan::PartitionFolder(changes.committed, task.partitioning));
        }
        return {};
      }));
  window.partitions = static_cast<int64_t>(folders.size());
  window.rewritten_files = window.source_files;
  return {};
}

Result<PlannedWindow> Describe(const Session& session, const plan::PlannedExport& planned,
                               const plan::ExportTask& task) {
  PlannedWindow window;
  window.kind = planned.kind;
  window.start = planned.start;
  window.end = planned.end;
  if (task.feed) {
    SLUICE_RETURN_IF_ERROR(DescribeFeed(session, task, window));
    return window;
  }
  int64_t rows = 0;
  bool all_known = true;
  const auto count = [&](const plan::SourceFile& file) {
    ++window.source_files;
    window.source_bytes += file.size;
    all_known = all_known && file.rows.has_value();
    rows += file.rows.value_or(0);
  };
  for (const auto& file : task.files) count(file);
  for (const auto& commit : task.late) {
    for (const auto& file : commit.added) count(file);
    for (const auto& file : commit.change_files) count(file);
  }
  if (all_known) window.source_rows = rows;
  window.partitions = CountPartitions(task);
  window.rewritten_files = window.source_files;
  return window;
}

void AddCost(const Session& session, PlanReport& report) {
  for (const auto& window : report.windows) {
    report.put_requests += kPutsPerNumber + 2 * window.partitions;  // an upload and its completion
    report.get_requests += kGetsPerNumber + kGetsPerFile * window.source_files;
  }
  if (session.destination_at.scheme == store::Location::Scheme::kS3) {
    report.cost_usd = static_cast<double>(report.put_requests) * kPutPrice +
                      static_cast<double>(report.get_requests) * kGetPrice;
  }
}

Status PlanInto(const Services& services, const config::Table& table, const RunOptions& options,
                PlanReport& report) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  SLUICE_ASSIGN_OR_RETURN(const auto view, session.ledger->Load());
  SLUICE_ASSIGN_OR_RETURN(const bool to_follow, StateIsToFollow(session, view));
  if (view.newest > 0 && (view.undecided() || !view.manifest || to_follow)) {
    report.unfinished = 1;
    report.notes.push_back(fmt::format("run would first finish export {}", view.newest));
  }
  SourceOptions wanted;
  wanted.at = options.at_version;
  wanted.reseed = options.reseed;
  SLUICE_ASSIGN_OR_RETURN(const auto source, LookAtSource(session, view.position(), wanted));
  report.source_version = source->facts().source_version;
  if (report.unfinished > 0 && !view.undecided() && !view.decision->is_void()) {
    // The state follows as soon as the number is settled: plan from there.
    source->AssumeRowAt(view.decision->position.end);
  }
  SLUICE_ASSIGN_OR_RETURN(const PlannedWork work, source->Plan());
  if (!work.exports.empty() && KeepsState(session)) {
    SLUICE_RETURN_IF_ERROR(session.state->RequireWritable());
  }
  SLUICE_RETURN_IF_ERROR(RequireNotBackfilled(session, view, work.exports));
  for (const auto& planned : work.exports) {
    SLUICE_ASSIGN_OR_RETURN(const auto task, source->MakeTask(planned));
    SLUICE_ASSIGN_OR_RETURN(const auto window, Describe(session, planned, task));
    report.windows.push_back(window);
  }
  if (!report.windows.empty()) {
    SLUICE_RETURN_IF_ERROR(CheckSchemaChange(session, source->facts(), report.notes));
    report.status = RunStatus::kExported;
  }
  AddCost(session, report);
  if (work.then) return Fail(*work.then);
  return {};
}

}  // namespace

PlanReport PlanTable(const Services& services, const config::Table& table,
                     const RunOptions& options) {
  PlanReport report;
  report.table = table.table;
  report.name = table.name;
  report.pattern = table.pattern;
  Status status = PlanInto(services, table, options, report);
  if (!status) {
    report.status = RunStatus::kFailed;
    report.error = OfTable(std::move(status).error(), table);
  }
  return report;
}

}  // namespace sluice::exporter
