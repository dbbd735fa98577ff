#include "sluice/exporter/commit/perform.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sluice/columnar/row_hash.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/exporter/commit/heartbeat_keeper.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/plan/final_partitions.h"

namespace sluice::exporter {
namespace {

ledger::Bound ToBound(const std::optional<Timestamp>& t) {
  return t ? ledger::Bound(*t) : ledger::Bound();
}

/// The stretch of time into which no later window can bring a row, and an earlier one could; nullopt where
/// this number closes none.
std::optional<plan::TimeWindow> ClosedTime(const Performance& performance,
                                           const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = performance.planned;
  if (planned.kind != ledger::ExportKind::kWindow) return std::nullopt;
  if (performance.task.feed) {
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

ledger::Manifest MakeManifest(const Session& session, const Performance& performance,
                              const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = performance.planned;
  ledger::Manifest manifest;
  manifest.n = performance.n;
  manifest.kind = planned.kind;
  manifest.table = session.table->table;
  manifest.table_id = planned.position.table_id;
  manifest.source_version = planned.source_version;
  manifest.start = planned.start;
  manifest.end = planned.end;
  manifest.timezone = session.table->timezone.name();
  manifest.schema = nlohmann::json::parse(delta::SchemaToJson(delta::WithoutMetadata(
                                              delta::TableSchema{performance.task.output_fields})),
                                          nullptr, false);
  std::set<std::string> touched;
  for (const auto& file : result.files) {
    manifest.files.push_back(
        {file.upload.key, file.upload.size, file.rows, file.upload.checksum, file.partition});
    touched.insert(file.partition);
  }
  manifest.partitions_touched.assign(touched.begin(), touched.end());
  if (const auto closed = ClosedTime(performance, result)) {
    manifest.partitions_final = plan::FinalPartitions(*closed, performance.task.partitioning);
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

/// Bytes move here, and nothing of them is visible yet.
Result<transfer::TransferResult> Transfer(Session& session, const Performance& performance,
                                          transfer::Progress& progress) {
  if (performance.planned.kind == ledger::ExportKind::kReset) return transfer::TransferResult{};
  SLUICE_ASSIGN_OR_RETURN(
      auto result, session.mover->Move(performance.task, progress, session.services->cancel));
  if (performance.null_watermarks) result.null_watermarks = *performance.null_watermarks;
  if (performance.planned.kind == ledger::ExportKind::kLate) result.null_watermarks = 0;
  return result;
}

/// Whoever took this runner for dead may have decided the number, and `prune` aborted its uploads.
bool WasDecidedMeanwhile(const Session& session, int64_t n, const Error& error) {
  if (error.kind == ErrorKind::kCancelled) return false;
  const auto decision = session.ledger->ReadDecision(n);
  return decision && decision->has_value();
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

ledger::Decision MakeDecision(const Session& session, const Performance& performance,
                              const transfer::TransferResult& result) {
  const plan::PlannedExport& planned = performance.planned;
  ledger::Decision decision;
  decision.n = performance.n;
  decision.attempt = performance.task.attempt;
  for (const auto& file : result.files) {
    decision.files.push_back({file.upload, file.rows, file.partition});
  }
  decision.manifest = MakeManifest(session, performance, result);
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

Result<Performed> Perform(Session& session, Performance performance, transfer::Progress& progress,
                          RunReport& report) {
  const Services& services = *session.services;
  SLUICE_RETURN_IF_ERROR(services.cancel.Check());
  const int64_t n = performance.n;
  if (!performance.adopted) {
    SLUICE_ASSIGN_OR_RETURN(const store::PutOutcome put,
                            session.ledger->PutIntent(MakeIntent(session, n, performance.planned)));
    if (put == store::PutOutcome::kAlreadyExists) return Performed::kLost;
    SLUICE_RETURN_IF_ERROR(session.ledger->RequireUnpublished(n));
  }
  HeartbeatKeeper heartbeat(*session.ledger, n, session.runner, *services.wall);
  performance.task.n = n;
  performance.task.attempt = runtime::RandomHex16(*services.entropy);

  auto result = Transfer(session, performance, progress);
  if (!result) {
    heartbeat.Release();
    if (WasDecidedMeanwhile(session, n, result.error())) return Performed::kLost;
    return Fail(std::move(result).error());
  }
  ledger::Decision decision = MakeDecision(session, performance, *result);
  auto decided = session.ledger->PutDecision(decision);
  if (!decided) {
    // Whether it is decided is not known: the uploads stay, and the next run reads what happened.
    heartbeat.Release();
    return Fail(std::move(decided).error());
  }
  if (*decided == store::PutOutcome::kAlreadyExists) {
    AbortUploads(session, result->files);
    return Performed::kLost;
  }
  SLUICE_RETURN_IF_ERROR(Settle(session, std::move(decision), /*manifest_exists=*/false, report));
  if (!report.windows.empty() && report.windows.back().n == n) return Performed::kDone;
  // Another runner published it; or its files were lost and it came to nothing: then whatever was planned
  // to come after it would leave a gap.
  SLUICE_ASSIGN_OR_RETURN(const auto standing, session.ledger->ReadDecision(n));
  return standing && !standing->is_void() ? Performed::kDone : Performed::kLost;
}

}  // namespace sluice::exporter
