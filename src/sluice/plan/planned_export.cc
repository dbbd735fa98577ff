#include "sluice/plan/planned_export.h"

#include <nlohmann/json.hpp>

#include "sluice/plan/column_choice.h"

namespace sluice::plan {
namespace {

using ledger::ExportKind;

struct KindOf {
  ExportKind operator()(const PlannedRows& rows) const { return rows.kind; }
  ExportKind operator()(const PlannedWholeTable& whole) const { return whole.kind; }
  ExportKind operator()(const PlannedReset&) const { return ExportKind::kReset; }
};

}  // namespace

ExportKind PlannedExport::kind() const { return std::visit(KindOf{}, what); }

nlohmann::json ShapeOf(const config::Table& table) {
  nlohmann::json shape = {{"table", table.table},
                          {"name", table.name},
                          {"pattern", Name(table.pattern())},
                          {"watermark", table.watermark()},
                          {"partition", Name(table.partition)},
                          {"column_choice", DescribeColumnChoice(table)},
                          {"timezone", table.timezone.name()},
                          {"timestamps", Name(table.timestamps)},
                          {"compression", Name(table.compression)},
                          {"copy", Name(table.copy)},
                          {"target_file_size", table.target_file_bytes},
                          {"late_rows", Name(table.late_rows)}};
  // Shapes from before there was a choice do not have it.
  if (table.is_cdc() && table.cdc().schema_mode != config::SchemaMode::kLatest) {
    shape["schema_mode"] = Name(table.cdc().schema_mode);
  }
  return shape;
}

bool IsWholeTable(ledger::ExportKind kind) {
  return kind == ExportKind::kSeed || kind == ExportKind::kReseed || kind == ExportKind::kSnapshot;
}

}  // namespace sluice::plan
