#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "sluice/exporter/commit/adopt.h"
#include "sluice/exporter/commit/lost_end.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/first_run.h"
#include "sluice/exporter/report/fill_report.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/exporter/source/source_checks.h"
#include "sluice/plan/output_layout.h"

namespace sluice::exporter {
namespace {

/// S3 Standard, us-east-1, list price in dollars for one request.
constexpr double kPutPrice = 0.005 / 1000;
constexpr double kGetPrice = 0.0004 / 1000;
/// Of one export: intent, two heartbeats, decision, manifest, published heartbeat, state data and commit.
constexpr int64_t kPutsPerNumber = 8;
constexpr int64_t kGetsPerNumber = 10;
/// Footer and column chunks of one source file, coalesced.
constexpr int64_t kGetsPerFile = 3;

/// How many folders the rows of `read` can fall into, by the statistics; at most those of the window.
int64_t CountPartitions(const plan::WindowRead& read, const plan::Partitioning& partitioning) {
  if (read.files.empty()) return 0;
  const bool hourly = partitioning.kind == plan::Partitioning::Kind::kHour;
  const int64_t step = (hourly ? Hours(1) : Days(1)).micros;
  const int64_t start = read.window.start.micros, end = read.window.end.micros;
  int64_t low = end, high = start;
  for (const auto& file : read.files) {
    low = std::min(low, std::max(file.watermark_min.value_or(start), start));
    high = std::max(high, std::min(file.watermark_max.value_or(end), end));
  }
  return low > high ? 0 : (high - low) / step + 1;
}

/// The files of a window of the change feed: read from its commits.
Status DescribeFeed(const delta::Log& log, const delta::FeedRange& range,
                    const plan::Partitioning& partitioning, PlannedWindow& window) {
  std::set<std::string> folders;
  SLUICE_RETURN_IF_ERROR(
      delta::VisitChanges(log, range, [&](const delta::CommitChanges& changes) -> Status {
        for (const auto& file : changes.files) {
          ++window.source_files;
          window.source_bytes += file.size.value_or(0);
        }
        if (!changes.files.empty()) {
          folders.insert(plan::PartitionFolder(changes.committed, partitioning));
        }
        return {};
      }));
  window.partitions = static_cast<int64_t>(folders.size());
  window.rewritten_files = window.source_files;
  return {};
}

void DescribeFiles(const plan::ExportTask& task, PlannedWindow& window) {
  int64_t rows = 0;
  bool all_known = true;
  for (const plan::SourceFile* file : plan::FilesToExport(task)) {
    ++window.source_files;
    window.source_bytes += file->size;
    all_known = all_known && file->rows.has_value();
    rows += file->rows.value_or(0);
  }
  if (all_known) window.source_rows = rows;
  if (const auto* read = std::get_if<plan::WindowRead>(&task.read)) {
    window.partitions = CountPartitions(*read, task.partitioning);
  } else if (std::holds_alternative<plan::WholeTableRead>(task.read)) {
    window.partitions = 1;
  }
  window.rewritten_files = window.source_files;
}

/// `task`: nullopt for a reset, which moves no rows.
Result<PlannedWindow> Describe(const Session& session, const plan::PlannedExport& planned,
                               const std::optional<plan::ExportTask>& task) {
  PlannedWindow window;
  window.kind = planned.kind();
  window.start = planned.start;
  window.end = planned.end;
  if (!task) return window;
  if (const auto* feed = std::get_if<plan::FeedRead>(&task->read)) {
    SLUICE_RETURN_IF_ERROR(DescribeFeed(*session.log, feed->range, task->partitioning, window));
  } else {
    DescribeFiles(*task, window);
  }
  return window;
}

/// What a run would do first, and where it would go on from.
struct Unfinished {
  ledger::Position position;
  ledger::Bound assume_row_at;
  std::optional<PlannedWindow> window;  ///< of an export that would be made again
  std::string note;                     ///< "": nothing is unfinished
};

/// An export that an earlier run began: made again as it was begun, or voided.
Result<Unfinished> PlanUndecided(Session& session, const ledger::LedgerView& view, bool reseed) {
  Unfinished unfinished{view.position(),
                        {},
                        std::nullopt,
                        fmt::format("run would first void export {}", view.newest)};
  const bool replaced = reseed && view.intent && view.intent->kind != ledger::ExportKind::kReseed;
  if (!view.intent || replaced || FindObstacle(*session.table, *view.intent)) return unfinished;
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  SessionSource access(session);
  const auto again = PrepareAgain(*session.ledger, access, *view.intent);
  if (!again || !again->row_still_stands) return unfinished;
  unfinished.position = again->planned.position;
  unfinished.assume_row_at = again->planned.position.end;
  SLUICE_ASSIGN_OR_RETURN(unfinished.window, Describe(session, again->planned, again->task));
  unfinished.note = fmt::format("run would first finish export {}", view.newest);
  return unfinished;
}

Result<Unfinished> PlanUnfinished(Session& session, const ledger::LedgerView& view, bool reseed) {
  if (view.newest == 0) return Unfinished{view.position(), {}, std::nullopt, ""};
  if (view.undecided()) return PlanUndecided(session, view, reseed);
  SLUICE_ASSIGN_OR_RETURN(const bool to_follow, StateIsToFollow(session.context(), view));
  if (view.manifest && !to_follow) return Unfinished{view.position(), {}, std::nullopt, ""};
  // The state follows as soon as the export is settled: plan from there.
  const ledger::Bound end =
      view.decision->is_void() ? ledger::Bound() : view.decision->position.end;
  return Unfinished{view.position(), end, std::nullopt,
                    fmt::format("run would first finish export {}", view.newest)};
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
  SLUICE_RETURN_IF_ERROR(RequireNoLostEnd(session.context(), view));
  SLUICE_ASSIGN_OR_RETURN(const auto unfinished, PlanUnfinished(session, view, options.reseed));
  if (!unfinished.note.empty()) {
    report.unfinished = 1;
    report.notes.push_back(unfinished.note);
  }
  SourceOptions wanted;
  wanted.at = options.at_version;
  wanted.reseed = options.reseed;
  wanted.only_new = true;
  wanted.assume_row_at = unfinished.assume_row_at;
  SLUICE_ASSIGN_OR_RETURN(const auto source, LookAtSource(session, unfinished.position, wanted));
  report.source_version = source->facts().source_version;
  SLUICE_ASSIGN_OR_RETURN(const PlannedWork work, source->Plan());
  if (!work.exports.empty()) SLUICE_RETURN_IF_ERROR(RequireStateWritable(session.context()));
  SLUICE_ASSIGN_OR_RETURN(const auto doubles, CheckFirstRun(session, view, work.exports));
  report.notes.insert(report.notes.end(), doubles.begin(), doubles.end());
  if (unfinished.window) report.windows.push_back(*unfinished.window);
  for (const auto& planned : work.exports) {
    std::optional<plan::ExportTask> task;
    if (!planned.is_reset()) {
      SLUICE_ASSIGN_OR_RETURN(task, source->MakeTask(planned));
    }
    SLUICE_ASSIGN_OR_RETURN(const auto window, Describe(session, planned, task));
    report.windows.push_back(window);
  }
  if (!report.windows.empty()) {
    SLUICE_ASSIGN_OR_RETURN(auto changes, CheckSchemaChange(table, source->facts()));
    report.notes.insert(report.notes.end(), changes.begin(), changes.end());
    report.status = RunStatus::kExported;
  }
  report.notes.insert(report.notes.end(), work.notes.begin(), work.notes.end());
  AddCost(session, report);
  if (work.then) return Fail(*work.then);
  return {};
}

}  // namespace

PlanReport PlanTable(const Services& services, const config::Table& table,
                     const RunOptions& options) {
  auto report = FillReport<PlanReport>(
      table, [&](PlanReport& plan) { return PlanInto(services, table, options, plan); });
  if (report.error) report.status = RunStatus::kFailed;
  return report;
}

}  // namespace sluice::exporter
