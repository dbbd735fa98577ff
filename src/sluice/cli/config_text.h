#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/exporter/inspect/suggest.h"

/// The text of configs that `init` writes: commented, and such that the parser takes it. Pure.
namespace sluice::cli {

/// One entry of `tables`.
struct TableEntry {
  std::string table, path;
  std::string name;  ///< "": the last part of `table`
  exporter::Suggestion suggestion;
};

/// A whole config. Without entries, an example stands in their place.
std::string FormatConfig(std::string_view destination, const std::vector<TableEntry>& entries);

/// `config` with one more entry below the last one; every other line stays as it is, comments included.
/// kConfig where `tables` is no list of lines that begin with "- ".
Result<std::string> AddEntry(std::string_view config, const TableEntry& entry);

/// The name of a table at this path below a searched folder: "sales/events" is "sales.events". What no
/// name may hold becomes '_'.
std::string NameTable(std::string_view path);

}  // namespace sluice::cli
