#include "sluice/exporter/inspect/check_append.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "sluice/base/human_text.h"
#include "sluice/base/time_zone.h"
#include "sluice/plan/append_task.h"

namespace sluice::exporter {
namespace {

int64_t NullsByStatistics(const delta::Snapshot& snapshot) {
  int64_t nulls = 0;
  for (const auto& file : snapshot.files) {
    if (!file.stats.columns.empty()) nulls += file.stats.columns.front().null_count.value_or(0);
  }
  return nulls;
}

void WarnOfNulls(const config::Table& table, int64_t nulls, Findings& findings) {
  if (nulls == 0) return;
  findings.Add(Severity::kWarning,
               fmt::format("{} {} no {} and will never be exported", Plural(nulls, "row"),
                           nulls == 1 ? "has" : "have", table.append().watermark),
               "fill the column in the source, or choose another watermark");
}

/// The files of `snapshot` that CheckTexts reads.
delta::Snapshot NewestFileOf(const delta::Snapshot& snapshot) {
  delta::Snapshot one;
  one.version = snapshot.version;
  one.committed = snapshot.committed;
  one.protocol = snapshot.protocol;
  one.metadata = snapshot.metadata;
  const auto newest = std::max_element(
      snapshot.files.begin(), snapshot.files.end(),
      [](const auto& a, const auto& b) { return a.modification_time < b.modification_time; });
  if (newest != snapshot.files.end()) one.files.push_back(*newest);
  one.num_files = static_cast<int64_t>(one.files.size());
  return one;
}

/// Counts texts that cannot be read as a time. Adds to `nulls` those of the file whose statistics do not count them.
void CheckTexts(Session& session, const delta::Snapshot& snapshot, Findings& findings,
                int64_t& nulls) {
  const delta::Snapshot newest = NewestFileOf(snapshot);
  if (newest.files.empty()) return;
  plan::PlannedExport planned;
  planned.start = plan::kAllTime.start;
  planned.end = plan::kAllTime.end;
  const auto task = plan::MakeWindowTask(*session.table, planned, newest);
  if (!task) return;  // reported with the columns
  const auto* read = std::get_if<plan::WindowRead>(&task->read);
  if (read == nullptr || read->watermark.type.id != delta::TypeId::kString) return;
  const auto seen = session.mover->Visit(
      *task, [](const arrow::RecordBatch&, const std::string&) { return Status(); },
      session.services->cancel);
  if (!seen && seen.error().kind == ErrorKind::kUnsupported) {
    // A fault only where no other file has a time either, which is reported before.
    const bool is_reported =
        std::any_of(findings.all().begin(), findings.all().end(),
                    [](const Finding& finding) { return finding.severity == Severity::kFault; });
    if (!is_reported) {
      findings.Add(Severity::kWarning, seen.error().message, seen.error().remedy);
    }
    return;
  }
  if (!seen) return findings.AddFault(seen.error());
  const auto& stats = newest.files.front().stats.columns;
  if (stats.empty() || !stats.front().null_count) nulls += seen->null_watermarks;
  const int64_t unreadable = seen->unreadable_watermarks;
  if (unreadable == 0) return;
  findings.Add(
      Severity::kWarning,
      fmt::format("{} of {} {} a {} that cannot be read as a time and will never be exported",
                  Plural(unreadable, "row"), newest.files.front().path,
                  unreadable == 1 ? "has" : "have", session.table->append().watermark),
      "correct these values in the source, or choose another watermark");
}

}  // namespace

void CheckStart(Session& session, const delta::Snapshot& snapshot, Findings& findings) {
  const auto* start = std::get_if<config::StartTime>(&session.table->append().start);
  if (start == nullptr) return;
  if (start->at > session.services->clock->Now()) {
    findings.Add(Severity::kWarning,
                 fmt::format("start ({}) is in the future: nothing is exported until then",
                             FormatTimestamp(start->at)),
                 "set start to a time before the first row to export");
    return;
  }
  plan::PlannedExport planned;
  planned.start = start->at - Duration{1};
  planned.end = start->at;
  auto task = plan::MakeWindowTask(*session.table, planned, snapshot);
  if (!task) return;
  plan::LateCommit everything;
  everything.version = snapshot.version;
  auto read = std::get<plan::WindowRead>(std::move(task->read));
  everything.added = std::move(read.files);
  task->read = plan::LateRead{read.watermark, read.window, {}, {std::move(everything)}};
  const auto rows = session.mover->CountLate(*task, session.services->cancel);
  if (!rows) {
    findings.AddFault(rows.error());
  } else if (*rows > 0) {
    findings.Add(Severity::kWarning,
                 fmt::format("{} exactly on start ({}) and {} not exported, because start is "
                             "exclusive",
                             *rows == 1 ? "1 row is" : HumanCount(*rows) + " rows are",
                             FormatTimestamp(start->at), *rows == 1 ? "is" : "are"),
                 "to export them, set start a microsecond earlier");
  }
}

void CheckWatermarkValues(Session& session, const delta::Snapshot& snapshot, Findings& findings) {
  int64_t nulls = NullsByStatistics(snapshot);
  CheckTexts(session, snapshot, findings, nulls);
  WarnOfNulls(*session.table, nulls, findings);
}

}  // namespace sluice::exporter
