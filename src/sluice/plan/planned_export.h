#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/ledger/records.h"

namespace sluice::plan {

/// Rows of a range: (start, end].
struct PlannedRows {
  ledger::ExportKind kind = ledger::ExportKind::kWindow;  ///< or kLate, kBackfill
  std::vector<int64_t> replaces = {};                     ///< backfills only
  /// Backfills: what of the range is read again, and the files of `replaces` that hold the rest; monostate: all.
  ledger::Bound renewed_start = {}, renewed_end = {};
  std::vector<ledger::ManifestFile> carried = {};

  bool renews_a_part() const { return !std::holds_alternative<std::monostate>(renewed_start); }
};
/// Every row at the source version: (none, time] for pattern C, (none, version] for a seed.
struct PlannedWholeTable {
  ledger::ExportKind kind = ledger::ExportKind::kSnapshot;  ///< or kSeed, kReseed
  Timestamp at;                                             ///< the time in the folder's name
};
/// Moves the position, and no rows.
struct PlannedReset {
  std::string reason;
  bool skipped = false;  ///< what it passes over is left out on purpose
  bool forget = false;   ///< removes the row in _export_state
};

/// One export to come, as a value: what its intent says, and where everything stands after it.
struct PlannedExport {
  std::variant<PlannedRows, PlannedWholeTable, PlannedReset> what;
  ledger::Bound start, end;
  Version source_version;
  ledger::Position position;  ///< after it
  ledger::Bound state_expected, state_value;
  bool state_forced = false;  ///< wherever the row in _export_state stands

  ledger::ExportKind kind() const;
  bool is_reset() const { return std::holds_alternative<PlannedReset>(what); }
  const PlannedWholeTable* whole_table() const { return std::get_if<PlannedWholeTable>(&what); }
};

/// Every config value that shapes the output of a table's exports, for the intent.
nlohmann::json ShapeOf(const config::Table& table);

/// "seed", "reseed" and "snapshot" hold the whole table at one version.
bool IsWholeTable(ledger::ExportKind kind);

}  // namespace sluice::plan
