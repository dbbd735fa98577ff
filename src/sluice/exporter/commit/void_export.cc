#include "sluice/exporter/commit/void_export.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/exporter/commit/finish.h"

namespace sluice::exporter {
namespace {

using ledger::Decision;
using ledger::ExportKind;

std::string NoteOf(int64_t n, const VoidReason& reason) {
  return fmt::format("export {} was voided: {}{}{}", n, reason.why,
                     reason.detail.empty() ? "" : ": ", reason.detail);
}

Decision VoidDecision(const CommitContext& context, int64_t n, ledger::Position position,
                      std::string reason) {
  Decision decision;
  decision.n = n;
  decision.manifest.n = n;
  decision.manifest.kind = ExportKind::kVoid;
  decision.manifest.table = context.table.table;
  decision.manifest.table_id = position.table_id;
  decision.manifest.timezone = context.table.timezone.name();
  decision.manifest.reason = std::move(reason);
  decision.manifest.committed_at = context.clock.Now();
  decision.manifest.program = context.program;
  decision.state_expected = position.end;
  decision.position = std::move(position);
  decision.runner = context.runner;
  return decision;
}

}  // namespace

Result<Outcome> VoidUndecided(const CommitContext& context, int64_t n,
                              const ledger::Position& position, const VoidReason& reason) {
  Decision decision = VoidDecision(context, n, position, reason.why);
  SLUICE_ASSIGN_OR_RETURN(const auto put, context.ledger.PutDecision(decision));
  if (put == store::PutOutcome::kAlreadyExists) return Outcome{Lost{}, {}, {}};
  return Outcome{Voided{},
                 {NoteOf(n, reason)},
                 FinishVoid(context, std::move(decision), /*manifest_exists=*/false)};
}

Result<Outcome> VoidDecided(const CommitContext& context, const Decision& decision,
                            const VoidReason& reason) {
  ledger::Position before;
  if (decision.n > 1) {
    SLUICE_ASSIGN_OR_RETURN(const auto previous, context.ledger.ReadDecision(decision.n - 1));
    if (previous) before = previous->position;
  }
  Decision voided = VoidDecision(context, decision.n, std::move(before), reason.why);
  if (decision.position.newest_snapshot) {
    voided.position.newest_snapshot = decision.position.newest_snapshot;
  }
  voided.generation = decision.generation;
  voided.superseded = ledger::EverListed(decision);
  SLUICE_RETURN_IF_ERROR(VoidByManifest(context, std::move(voided)));
  return Outcome{Voided{}, {NoteOf(decision.n, reason)}, {}};
}

}  // namespace sluice::exporter
