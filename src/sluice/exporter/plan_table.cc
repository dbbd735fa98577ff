#include <algorithm>
#include <set>
#include <utility>

#include "sluice/exporter/exporter.h"
#include "sluice/exporter/facts.h"
#include "sluice/plan/append_task.h"
#include "sluice/plan/output_layout.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;

/// S3 Standard, us-east-1, list price in dollars for one request.
constexpr double kPutPrice = 0.005 / 1000;
constexpr double kGetPrice = 0.0004 / 1000;
/// Of one number: intent, two heartbeats, decision, manifest, published heartbeat, state data and commit.
constexpr int64_t kPutsPerNumber = 8;
constexpr int64_t kGetsPerNumber = 10;
/// Footer and column chunks of one source file, coalesced.
constexpr int64_t kGetsPerFile = 3;

/// How many folders the rows of `files` can fall into, by the statistics; at most those of the window.
int64_t CountPartitions(const config::Table& table, const plan::ExportTask& task) {
  if (task.files.empty()) return 0;
  const int64_t step = (table.partition == config::Partition::kHourly ? Hours(1) : Days(1)).micros;
  int64_t low = task.window.end.micros, high = task.window.start.micros;
  for (const auto& file : task.files) {
    low = std::min(low, std::max(file.watermark_min.value_or(task.window.start.micros),
                                 task.window.start.micros));
    high = std::max(high, std::min(file.watermark_max.value_or(task.window.end.micros),
                                   task.window.end.micros));
  }
  return low > high ? 0 : (high - low) / step + 1;
}

PlannedWindow Describe(const config::Table& table, const plan::PlannedExport& planned,
                       const plan::ExportTask& task) {
  PlannedWindow window;
  window.kind = planned.kind;
  window.start = planned.start;
  window.end = planned.end;
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
  window.partitions = CountPartitions(table, task);
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
  if (view.newest > 0 && (view.undecided() || !view.manifest)) {
    report.unfinished = 1;
    report.notes.push_back(fmt::format("run would first finish export {}", view.newest));
  }
  SLUICE_ASSIGN_OR_RETURN(AppendSource source,
                          LookAtSource(session, view.position(), options.at_version));
  report.source_version = source.facts.source_version;
  if (report.unfinished > 0 && !view.undecided() && !view.decision->is_void()) {
    // The state follows as soon as the number is settled: plan from there.
    if (const auto* end = std::get_if<Timestamp>(&view.decision->position.end)) {
      source.facts.row_exists = true;
      source.facts.row_end = std::max(source.facts.row_end.value_or(*end), *end);
    }
  }
  SLUICE_ASSIGN_OR_RETURN(const auto windows, plan::PlanWindows(table, source.facts));
  if (windows.empty()) return {};
  SLUICE_RETURN_IF_ERROR(CheckSchemaChange(session, source.facts, report.notes));
  SLUICE_ASSIGN_OR_RETURN(const auto commits, LookAtCommits(session, source.facts));
  if (!commits.empty()) {
    const plan::PlannedExport late = plan::PlanLate(source.facts);
    SLUICE_ASSIGN_OR_RETURN(const auto task,
                            plan::MakeLateTask(table, late, source.snapshot, commits));
    if (!task.late.empty()) report.windows.push_back(Describe(table, late, task));
  }
  for (const auto& planned : windows) {
    SLUICE_ASSIGN_OR_RETURN(const auto task, plan::MakeWindowTask(table, planned, source.snapshot));
    report.windows.push_back(Describe(table, planned, task));
  }
  report.status = RunStatus::kExported;
  AddCost(session, report);
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
    report.error = std::move(status).error().Within("table " + table.table);
  }
  return report;
}

}  // namespace sluice::exporter
