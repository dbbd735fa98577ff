#include "sluice/plan/planned_export.h"

#include <nlohmann/json.hpp>

#include "sluice/plan/column_choice.h"

namespace sluice::plan {

nlohmann::json ShapeOf(const config::Table& table) {
  return {{"table", table.table},
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
}

bool IsWholeTable(ledger::ExportKind kind) {
  using ledger::ExportKind;
  return kind == ExportKind::kSeed || kind == ExportKind::kReseed || kind == ExportKind::kSnapshot;
}

}  // namespace sluice::plan
