#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sluice/ledger/records.h"
#include "sluice/simulation/world.h"

namespace sluice::simulation {

/// A row as an export's file holds it.
struct ExportedRow {
  int64_t id = 0;
  std::string text;
  std::string change;  ///< `_change_type`; "" outside of a feed
  auto operator<=>(const ExportedRow&) const = default;
};

/// Reads the rows of one file of a manifest.
using FileRows = std::function<Result<std::vector<ExportedRow>>(const ledger::Manifest& manifest,
                                                                const std::string& path)>;
/// From Parquet.
FileRows ParquetRows(std::shared_ptr<store::ObjectStore> destination);

/// Holds a world at rest to the promises of the product, by what lies at its destination and in its
/// state alone, compared with what its TableBuilder knows: every row that a window covers is exported
/// exactly once, windows have no gap and no overlap, nothing lies there that no manifest names, the state
/// stands at the newest window's end, and nothing is left undecided. Returns what is broken.
std::vector<std::string> CheckExport(const World& world, const FileRows& rows);

}  // namespace sluice::simulation
