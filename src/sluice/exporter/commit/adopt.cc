#include "sluice/exporter/commit/adopt.h"

#include <utility>

namespace sluice::exporter {

std::optional<std::string> FindObstacle(const config::Table& table, const ledger::Intent& intent) {
  using ledger::ExportKind;
  if (intent.table != table.table) {
    return fmt::format("it was begun for table {}", intent.table);
  }
  if (intent.pattern != Name(table.pattern())) {
    return fmt::format("it was begun with pattern {}", intent.pattern);
  }
  if (intent.shape_digest != ledger::DigestOf(plan::ShapeOf(table))) {
    return std::string("the config that shapes its files has changed since it was begun");
  }
  const bool has_rows = intent.kind == ExportKind::kWindow || intent.kind == ExportKind::kLate ||
                        intent.kind == ExportKind::kBackfill || plan::IsWholeTable(intent.kind);
  if (!has_rows || !intent.source_version) {
    return fmt::format("a {} is started again", Name(intent.kind));
  }
  return std::nullopt;
}

Result<Job> PrepareAgain(const ledger::Ledger& ledger, SourceAccess& access,
                         const ledger::Intent& intent) {
  ledger::Position before;
  if (intent.n > 1) {
    SLUICE_ASSIGN_OR_RETURN(const auto previous, ledger.ReadDecision(intent.n - 1));
    if (previous) before = previous->position;
  }
  SourceOptions at;
  at.at = intent.source_version;
  SLUICE_ASSIGN_OR_RETURN(const auto source, access.Look(before, at));
  if (source->facts().table_id != intent.table_id) {
    return Fail(ErrorKind::kConflict, "the source was re-created: its table id was {} and is {}",
                intent.table_id, source->facts().table_id);
  }
  Job again;
  again.n = intent.n;
  again.adopted = true;
  again.row_still_stands = plan::RowStillStands(source->facts(), intent);
  SLUICE_ASSIGN_OR_RETURN(again.planned, source->PlanAgain(intent));
  SLUICE_ASSIGN_OR_RETURN(again.task, source->MakeTask(again.planned));
  return again;
}

}  // namespace sluice::exporter
