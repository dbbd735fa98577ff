#include "sluice/exporter/commit/perform.h"

#include <iterator>
#include <utility>

#include "sluice/base/human_text.h"
#include "sluice/exporter/commit/finish.h"
#include "sluice/exporter/commit/heartbeat_keeper.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

/// Bytes move here, and nothing of them is visible yet.
Result<transfer::TransferResult> Transfer(const CommitContext& context, SourceAccess& access,
                                          const Job& job, transfer::Progress& progress) {
  if (!job.task) return transfer::TransferResult{};
  SLUICE_ASSIGN_OR_RETURN(auto result, access.mover().Move(*job.task, progress, context.cancel));
  if (job.null_watermarks) result.null_watermarks = *job.null_watermarks;
  if (job.unreadable_watermarks) result.unreadable_watermarks = *job.unreadable_watermarks;
  if (job.planned.kind() == ledger::ExportKind::kLate) {
    result.null_watermarks = result.unreadable_watermarks = 0;
  }
  return result;
}

/// Says what a stop before the decision means.
Error ExplainStop(Error error) {
  if (error.kind != ErrorKind::kCancelled) return error;
  return Error{ErrorKind::kCancelled, "stopped; nothing of this window was published",
               "`sluice run NAME` exports this window again"};
}

/// A runner that considered this one dead may have decided the export, and `prune` aborted its uploads.
bool WasDecidedMeanwhile(const ledger::Ledger& ledger, int64_t n, const Error& error) {
  if (error.kind == ErrorKind::kCancelled) return false;
  const auto decision = ledger.ReadDecision(n);
  return decision && decision->has_value();
}

}  // namespace

Result<Outcome> Perform(const CommitContext& context, SourceAccess& access, Job job,
                        transfer::Progress& progress) {
  SLUICE_RETURN_IF_ERROR(context.cancel.Check());
  const int64_t n = job.n;
  if (!job.adopted) {
    SLUICE_ASSIGN_OR_RETURN(const store::PutOutcome put,
                            context.ledger.PutIntent(MakeIntent(context, n, job.planned)));
    if (put == store::PutOutcome::kAlreadyExists) return Outcome{Lost{}, {}, {}};
    SLUICE_RETURN_IF_ERROR(context.ledger.RequireUnpublished(n));
  }
  spdlog::debug("{}: export {} begins", context.name(), n);
  HeartbeatKeeper heartbeat(context.ledger, n, context.runner, context.wall);
  BeginAttempt(job, context.entropy);

  auto result = Transfer(context, access, job, progress);
  if (!result) {
    heartbeat.Release();
    if (WasDecidedMeanwhile(context.ledger, n, result.error())) return Outcome{Lost{}, {}, {}};
    return Fail(ExplainStop(std::move(result).error()));
  }
  spdlog::debug("{}: export {} has uploaded {} in {}", context.name(), n,
                Plural(result->rows, "row"), Plural(std::ssize(result->files), "file"));
  ledger::Decision decision = MakeDecision(context, job, *result);
  auto decided = context.ledger.PutDecision(decision);
  if (!decided) {
    // Whether it is decided is not known: the uploads stay, and the next run reads what happened.
    heartbeat.Release();
    if (decided.error().kind != ErrorKind::kCancelled) return Fail(std::move(decided).error());
    return Fail(Error{ErrorKind::kCancelled,
                      fmt::format("stopped while export {} was being decided", n),
                      "`sluice run NAME` finishes it or exports this window again"});
  }
  if (*decided == store::PutOutcome::kAlreadyExists) {
    AbortUploads(context.destination, result->files);
    return Outcome{Lost{}, {}, {}};
  }
  spdlog::debug("{}: export {} is decided", context.name(), n);
  auto settled = Settle(context, access, std::move(decision), /*manifest_exists=*/false);
  if (settled || settled.error().kind != ErrorKind::kCancelled) return settled;
  return Fail(
      Error{ErrorKind::kCancelled,
            fmt::format("stopped after export {} was decided, before all of it was visible", n),
            "`sluice run NAME` finishes it"});
}

}  // namespace sluice::exporter
