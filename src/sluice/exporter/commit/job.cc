#include "sluice/exporter/commit/job.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sluice/columnar/row_hash.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/plan/final_partitions.h"

namespace sluice::exporter {
namespace {

ledger::Bound ToBound(const std::optional<Timestamp>& t) {
  return t ? ledger::Bound(*t) : ledger::Bound();
}

/// The stretch of time into which no later window can bring a row, and an earlier one could; nullopt where
/// this number closes none.
std::optional<plan::TimeWindow> ClosedTime(const Job& job, const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = job.planned;
  if (planned.kind != ledger::ExportKind::kWindow) return std::nullopt;
  if (!job.task) return std::nullopt;
  if (std::holds_alternative<plan::FeedRead>(job.task->read)) {
    if (!result.newest_commit) return std::nullopt;
    // Before the first window, and after a seed, no change was exported.
    const Timestamp from = planned.position.newest_commit.value_or(
        result.watermark_min.value_or(*result.newest_commit) - Duration{1});
    return plan::TimeWindow{from, *result.newest_commit};
  }
  const auto* start = std::get_if<Timestamp>(&planned.start);
  const auto* end = std::get_if<Timestamp>(&planned.end);
  if (start == nullptr || end == nullptr) return std::nullopt;
  // A first window may begin decades before the first row: what lies before that was never open.
  const bool first = planned.position.first_start == planned.start;
  if (!first) return plan::TimeWindow{*start, *end};
  const Timestamp least = result.watermark_min ? *result.watermark_min - Duration{1} : *end;
  return plan::TimeWindow{std::max(*start, least), *end};
}

ledger::Manifest MakeManifest(const Session& session, const Job& job,
                              const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = job.planned;
  ledger::Manifest manifest;
  manifest.n = job.n;
  manifest.kind = planned.kind;
  manifest.table = session.table->table;
  manifest.table_id = planned.position.table_id;
  manifest.source_version = planned.source_version;
  manifest.start = planned.start;
  manifest.end = planned.end;
  manifest.timezone = session.table->timezone.name();
  const std::vector<delta::Field> columns =
      job.task ? job.task->output_fields : std::vector<delta::Field>();
  manifest.schema = nlohmann::json::parse(
      delta::SchemaToJson(delta::WithoutMetadata(delta::TableSchema{columns})), nullptr, false);
  std::set<std::string> touched;
  for (const auto& file : result.files) {
    manifest.files.push_back(
        {file.upload.key, file.upload.size, file.rows, file.upload.checksum, file.partition});
    touched.insert(file.partition);
  }
  manifest.partitions_touched.assign(touched.begin(), touched.end());
  if (const auto closed = ClosedTime(job, result)) {
    manifest.partitions_final = plan::FinalPartitions(*closed, job.task->partitioning);
  } else if (plan::IsWholeTable(planned.kind)) {
    manifest.partitions_final = manifest.partitions_touched;
  }
  if (planned.kind == ledger::ExportKind::kLate) manifest.reopened = manifest.partitions_touched;
  manifest.replaces = planned.replaces;
  manifest.rows = result.rows;
  manifest.row_hash = columnar::ToString(result.row_hash);
  manifest.null_watermarks = result.null_watermarks;
  manifest.reason = planned.reason;
  manifest.committed_at = session.services->clock->Now();
  manifest.program = session.services->program;
  return manifest;
}

}  // namespace

ledger::Intent MakeIntent(const Session& session, int64_t n, const plan::PlannedExport& planned) {
  ledger::Intent intent;
  intent.n = n;
  intent.kind = planned.kind;
  intent.table = session.table->table;
  intent.name = session.table->name;
  intent.pattern = std::string(Name(session.table->pattern));
  intent.table_id = planned.position.table_id;
  intent.source_version = planned.source_version;
  intent.start = planned.start;
  intent.end = planned.end;
  intent.snapshot_at = planned.snapshot_at;
  intent.replaces = planned.replaces;
  intent.shape = plan::ShapeOf(*session.table);
  intent.shape_digest = ledger::DigestOf(intent.shape);
  intent.created_at = session.services->wall->Now();
  intent.runner = session.runner;
  intent.program = session.services->program;
  return intent;
}

void BeginAttempt(Job& job, runtime::Entropy& entropy) {
  job.attempt = runtime::RandomHex16(entropy);
  if (!job.task) return;
  job.task->n = job.n;
  job.task->attempt = job.attempt;
}

ledger::Decision MakeDecision(const Session& session, const Job& job,
                              const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = job.planned;
  ledger::Decision decision;
  decision.n = job.n;
  decision.attempt = job.attempt;
  for (const auto& file : result.files) {
    decision.files.push_back({file.upload, file.rows, file.partition});
  }
  decision.manifest = MakeManifest(session, job, result);
  decision.position = planned.position;
  if (result.newest_commit && planned.kind == ledger::ExportKind::kWindow) {
    decision.position.newest_commit = result.newest_commit;
  }
  decision.state_expected = planned.state_expected;
  decision.state_value = planned.state_value;
  decision.state_forget = planned.state_forget;
  decision.state_forced = planned.state_forced;
  decision.watermark_min = ToBound(result.watermark_min);
  decision.watermark_max = ToBound(result.watermark_max);
  decision.row_groups_rewritten = result.row_groups_rewritten;
  decision.runner = session.runner;
  return decision;
}

}  // namespace sluice::exporter
