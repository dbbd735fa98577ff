#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/ledger/records.h"

namespace sluice::plan {

/// One number to come, as a value: what its intent says, and where everything stands after it.
struct PlannedExport {
  ledger::ExportKind kind = ledger::ExportKind::kWindow;
  ledger::Bound start,
      end;  ///< append, cdc: (start, end]; seed: (none, version]; snapshot: (none, time]
  Version source_version;
  std::optional<Timestamp> snapshot_at;  ///< snapshots and seeds: the time in their folder's name
  std::vector<int64_t> replaces;
  ledger::Position position;  ///< after it
  ledger::Bound state_expected, state_value;
  bool state_forget = false, state_forced = false;
  std::string reason;    ///< resets only
  bool skipped = false;  ///< resets only: what it passes over is left out on purpose
};

/// Every config value that shapes the output of a table's exports, for the intent.
nlohmann::json ShapeOf(const config::Table& table);

/// "seed", "reseed" and "snapshot" hold the whole table at one version.
bool IsWholeTable(ledger::ExportKind kind);

}  // namespace sluice::plan
