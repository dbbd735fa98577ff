#include "sluice/exporter/commit/rebuild.h"

#include <utility>

#include "sluice/exporter/commit/adopt.h"
#include "sluice/exporter/commit/finish.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

/// Of the rows that the export wrote itself.
const std::string& HashOf(const ledger::Decision& decision) {
  const ledger::Manifest& manifest = decision.manifest;
  return manifest.renewed ? manifest.renewed->row_hash : manifest.row_hash;
}

/// The next generation of `decision`: the same export, window and position, its rows moved again.
Result<ledger::Decision> MoveAgain(const CommitContext& context, SourceAccess& access,
                                   const ledger::Decision& decision, const ledger::Intent& intent) {
  const auto obstacle = FindObstacle(context.table, intent);
  if (obstacle) return Fail(ErrorKind::kSourceGone, "{}", *obstacle);
  SLUICE_ASSIGN_OR_RETURN(Job again, PrepareAgain(context.ledger, access, intent));
  BeginAttempt(again, context.entropy);
  transfer::Progress progress;
  auto moved = access.mover().Move(*again.task, progress, context.cancel);
  if (!moved) {
    // Its uploads may be lost again while they are written: that says nothing about the source.
    Error error = std::move(moved).error();
    if (error.kind == ErrorKind::kNotFound) error.kind = ErrorKind::kTransient;
    return Fail(std::move(error));
  }
  ledger::Decision next = MakeDecision(context, again, *moved);
  if (next.manifest.rows != decision.manifest.rows || HashOf(next) != HashOf(decision)) {
    return Fail(ErrorKind::kSourceGone,
                "version {} of the source gives {} rows now and gave {} rows when export {} was "
                "decided",
                intent.source_version ? intent.source_version->value : -1, next.manifest.rows,
                decision.manifest.rows, decision.n);
  }
  next.generation = decision.generation + 1;
  next.position = decision.position;
  next.state_expected = decision.state_expected;
  next.state_value = decision.state_value;
  next.manifest.null_watermarks = decision.manifest.null_watermarks;
  next.manifest.unreadable_watermarks = decision.manifest.unreadable_watermarks;
  for (const auto& file : decision.files) next.superseded.push_back(file.upload.key);
  return next;
}

}  // namespace

Result<std::variant<NextGeneration, VoidReason>> Rebuild(const CommitContext& context,
                                                         SourceAccess& access,
                                                         const ledger::Decision& decision,
                                                         const std::vector<store::Key>& absent) {
  spdlog::warn(
      "{}: {} of {} files of export {} were lost before they became visible; making them again",
      context.name(), absent.size(), decision.files.size(), decision.n);
  SLUICE_ASSIGN_OR_RETURN(const auto intent, context.ledger.ReadIntent(decision.n));
  auto next = MoveAgain(context, access, decision, intent);
  if (!next) {
    const Error& error = next.error();
    const bool source_is_gone = error.kind == ErrorKind::kSourceGone ||
                                error.kind == ErrorKind::kNotFound ||
                                error.kind == ErrorKind::kConflict;
    if (!source_is_gone) return Fail(error);
    return VoidReason{"its files were lost before they became visible and cannot be written again",
                      error.message};
  }
  SLUICE_ASSIGN_OR_RETURN(const auto put, context.ledger.PutDecision(*next));
  if (put == store::PutOutcome::kCreated) {
    return NextGeneration{
        *std::move(next),
        fmt::format(
            "files of export {} were lost before they became visible; they were written again",
            decision.n)};
  }
  // Another runner rebuilt it first: its generation counts, ours goes.
  AbortUploads(context.destination, next->files);
  SLUICE_ASSIGN_OR_RETURN(auto standing, context.ledger.ReadDecision(decision.n));
  if (!standing) return Fail(ErrorKind::kInternal, "export {} lost its decision", decision.n);
  return NextGeneration{*std::move(standing), {}};
}

}  // namespace sluice::exporter
