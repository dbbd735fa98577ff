#include "sluice/exporter/commit/job.h"

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

/// The instant up to which no later window can bring a row; nullopt where that can't be said.
std::optional<Timestamp> FinalUntil(const Job& job, const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = job.planned;
  if (!job.task || plan::IsWholeTable(planned.kind())) return std::nullopt;
  if (std::holds_alternative<plan::FeedRead>(job.task->read)) {
    const bool is_window = planned.kind() == ledger::ExportKind::kWindow;
    return is_window && result.newest_commit ? result.newest_commit
                                             : planned.position.newest_commit;
  }
  const auto* end = std::get_if<Timestamp>(&planned.position.end);
  return end == nullptr ? std::nullopt : std::optional(*end);
}

/// Where a window went on from; nullopt for the first one, before which nothing was open.
std::optional<Timestamp> OpenSince(const Job& job) {
  const plan::PlannedExport& planned = job.planned;
  if (std::holds_alternative<plan::FeedRead>(job.task->read)) return planned.position.newest_commit;
  const auto* start = std::get_if<Timestamp>(&planned.start);
  if (start == nullptr || planned.position.first_start == planned.start) return std::nullopt;
  return *start;
}

/// Names the files of replaced exports that hold what was not read again.
void CarryOver(const plan::PlannedExport& planned, ledger::Manifest& manifest) {
  const auto* rows = std::get_if<plan::PlannedRows>(&planned.what);
  if (rows == nullptr || !rows->renews_a_part()) return;
  manifest.renewed = ledger::Renewed{rows->renewed_start, rows->renewed_end, manifest.rows,
                                     std::exchange(manifest.row_hash, {})};
  for (const auto& file : rows->carried) {
    manifest.files.push_back(file);
    manifest.rows += file.rows;
  }
}

ledger::Manifest MakeManifest(const CommitContext& context, const Job& job,
                              const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = job.planned;
  ledger::Manifest manifest;
  manifest.n = job.n;
  manifest.kind = planned.kind();
  manifest.table = context.table.table;
  manifest.table_id = planned.position.table_id;
  manifest.source_version = planned.source_version;
  manifest.start = planned.start;
  manifest.end = planned.end;
  manifest.timezone = context.table.timezone.name();
  manifest.schema = SchemaOfFiles(job.task ? job.task->output_fields : std::vector<delta::Field>());
  std::set<std::string> touched;
  for (const auto& file : result.files) {
    manifest.files.push_back(
        {file.upload.key, file.upload.size, file.rows, file.upload.checksum, file.partition});
    touched.insert(file.partition);
  }
  manifest.partitions_touched.assign(touched.begin(), touched.end());
  manifest.final_until = FinalUntil(job, result);
  if (planned.kind() == ledger::ExportKind::kWindow && manifest.final_until) {
    manifest.partitions_final = plan::FinalPartitions(
        touched, OpenSince(job), *manifest.final_until, job.task->partitioning);
  } else if (plan::IsWholeTable(planned.kind())) {
    manifest.partitions_final = manifest.partitions_touched;
  }
  if (planned.kind() == ledger::ExportKind::kLate) manifest.reopened = manifest.partitions_touched;
  if (const auto* rows = std::get_if<plan::PlannedRows>(&planned.what)) {
    manifest.replaces = rows->replaces;
  }
  manifest.rows = result.rows;
  manifest.row_hash = columnar::ToString(result.row_hash);
  CarryOver(planned, manifest);
  manifest.null_watermarks = result.null_watermarks;
  manifest.unreadable_watermarks = result.unreadable_watermarks;
  if (const auto* reset = std::get_if<plan::PlannedReset>(&planned.what)) {
    manifest.reason = reset->reason;
    manifest.skipped = reset->skipped;
  }
  manifest.committed_at = context.clock.Now();
  manifest.program = context.program;
  return manifest;
}

}  // namespace

nlohmann::json SchemaOfFiles(const std::vector<delta::Field>& columns) {
  return nlohmann::json::parse(
      delta::SchemaToJson(delta::WithoutMetadata(delta::TableSchema{columns})), nullptr, false);
}

ledger::Intent MakeIntent(const CommitContext& context, int64_t n,
                          const plan::PlannedExport& planned) {
  ledger::Intent intent;
  intent.n = n;
  intent.kind = planned.kind();
  intent.table = context.table.table;
  intent.name = context.table.name;
  intent.pattern = std::string(Name(context.table.pattern()));
  intent.table_id = planned.position.table_id;
  intent.source_version = planned.source_version;
  intent.start = planned.start;
  intent.end = planned.end;
  if (const auto* whole = planned.whole_table()) intent.snapshot_at = whole->at;
  if (const auto* rows = std::get_if<plan::PlannedRows>(&planned.what)) {
    intent.replaces = rows->replaces;
    intent.renewed_start = rows->renewed_start;
    intent.renewed_end = rows->renewed_end;
    intent.carried = rows->carried;
  }
  intent.shape = plan::ShapeOf(context.table);
  intent.shape_digest = ledger::DigestOf(intent.shape);
  intent.created_at = context.wall.Now();
  intent.runner = context.runner;
  intent.program = context.program;
  return intent;
}

void BeginAttempt(Job& job, runtime::Entropy& entropy) {
  job.attempt = runtime::RandomHex16(entropy);
  if (!job.task) return;
  job.task->n = job.n;
  job.task->attempt = job.attempt;
}

ledger::Decision MakeDecision(const CommitContext& context, const Job& job,
                              const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = job.planned;
  ledger::Decision decision;
  decision.n = job.n;
  decision.attempt = job.attempt;
  for (const auto& file : result.files) {
    decision.files.push_back({file.upload, file.rows, file.partition});
  }
  decision.manifest = MakeManifest(context, job, result);
  decision.position = planned.position;
  if (result.newest_commit && planned.kind() == ledger::ExportKind::kWindow) {
    decision.position.newest_commit = result.newest_commit;
  }
  decision.state_expected = planned.state_expected;
  decision.state_value = planned.state_value;
  if (const auto* reset = std::get_if<plan::PlannedReset>(&planned.what)) {
    decision.state_forget = reset->forget;
  }
  decision.state_forced = planned.state_forced;
  decision.watermark_min = ToBound(result.watermark_min);
  decision.watermark_max = ToBound(result.watermark_max);
  decision.row_groups_rewritten = result.row_groups_rewritten;
  decision.runner = context.runner;
  return decision;
}

}  // namespace sluice::exporter
