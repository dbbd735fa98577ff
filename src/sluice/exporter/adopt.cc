#include "sluice/exporter/adopt.h"

#include <utility>

#include "sluice/exporter/facts.h"
#include "sluice/plan/append_task.h"

namespace sluice::exporter {

Adoptable JudgeIntent(const Session& session, const ledger::Intent& intent) {
  using ledger::ExportKind;
  if (intent.table != session.table->table) {
    return {false, fmt::format("it was begun for table {}", intent.table)};
  }
  if (intent.pattern != Name(session.table->pattern)) {
    return {false, fmt::format("it was begun with pattern {}", intent.pattern)};
  }
  if (intent.shape_digest != ledger::DigestOf(plan::ShapeOf(*session.table))) {
    return {false, "the config that shapes its files has changed since it was begun"};
  }
  const bool has_rows = intent.kind == ExportKind::kWindow || intent.kind == ExportKind::kLate ||
                        intent.kind == ExportKind::kBackfill;
  if (!has_rows || !intent.source_version) {
    return {false, fmt::format("a {} is begun anew", Name(intent.kind))};
  }
  return {true, {}};
}

Result<Performance> PrepareAgain(Session& session, const ledger::Intent& intent) {
  ledger::Position before;
  if (intent.n > 1) {
    SLUICE_ASSIGN_OR_RETURN(const auto previous, session.ledger->ReadDecision(intent.n - 1));
    if (previous) before = previous->position;
  }
  SLUICE_ASSIGN_OR_RETURN(AppendSource source,
                          LookAtSource(session, before, intent.source_version));
  if (source.facts.table_id != intent.table_id) {
    return Fail(ErrorKind::kConflict, "the source was re-created: its table id was {} and is {}",
                intent.table_id, source.facts.table_id);
  }
  Performance again;
  again.n = intent.n;
  again.adopted = true;
  again.planned = plan::PlanFromIntent(intent, source.facts);
  if (intent.kind == ledger::ExportKind::kLate) {
    SLUICE_ASSIGN_OR_RETURN(const auto commits, LookAtCommits(session, source.facts));
    SLUICE_ASSIGN_OR_RETURN(
        again.task, plan::MakeLateTask(*session.table, again.planned, source.snapshot, commits));
  } else {
    SLUICE_ASSIGN_OR_RETURN(again.task,
                            plan::MakeWindowTask(*session.table, again.planned, source.snapshot));
  }
  return again;
}

}  // namespace sluice::exporter
