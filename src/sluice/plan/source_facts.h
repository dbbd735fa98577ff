#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/ledger/records.h"

namespace sluice::plan {

/// What every pattern looks at before it decides: where the export stands, and the source at the pinned
/// version. Value type.
struct SourceFacts {
  ledger::Position position;  ///< after the newest decided export
  bool row_exists = false;    ///< the state table has a row for this table
  ledger::Bound row;          ///< where that row stands; monostate: NULL or missing
  std::string table_id;
  std::string catalog_id;       ///< of a table that the catalog found by its name; "" for others
  Version source_version;       ///< pinned
  std::string source_commit;    ///< digest of its commit file; "" where that is gone
  std::string scanned_commit;   ///< the same of position.scanned_through, as it lies there now
  std::string exported_schema;  ///< Delta schema JSON of the columns chosen at that version
  std::string column_choice;
  Timestamp now;
};

/// False if a notebook moved the state row since the export of `intent` was begun: its rows are exported
/// already.
bool RowStillStands(const SourceFacts& facts, const ledger::Intent& intent);

/// kConflict where the source is another one than at the last export: the catalog has another table under its name, or
/// the log was recreated, so that another commit stands at the version that it saw. CREATE OR REPLACE TABLE is none: the log goes on. `remedy` says how to start again.
Status CheckHistory(const SourceFacts& facts, const std::string& remedy);

/// The same, and where `exported` lies beyond the pinned version: the source went back in time.
Status CheckSource(const SourceFacts& facts, std::optional<Version> exported,
                   const std::string& remedy);

/// kConflict: the row in _export_state `stands` somewhere ("is missing", "stands at version 3") that does
/// not go with what was exported, up to `exported` ("version 3"), which `state set` takes as `value` ("3").
Error RowConflict(const std::string& stands, const std::string& exported, const std::string& value);

/// Marks `position` as having seen everything up to the pinned version.
void MarkScanned(ledger::Position& position, const SourceFacts& facts);

/// The position after an export of the pinned version's columns that ends at `end`.
ledger::Position PositionAfter(const ledger::Position& before, const SourceFacts& facts,
                               ledger::Bound start, ledger::Bound end);

}  // namespace sluice::plan
