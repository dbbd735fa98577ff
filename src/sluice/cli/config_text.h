#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/exporter/inspect/suggest.h"

/// The text of configs that `init` writes: commented and valid. Pure.
namespace sluice::cli {

/// One entry of `tables`.
struct TableEntry {
  std::string table;
  std::string path;  ///< "": the catalog finds the table
  std::string name;  ///< "": the last part of `table`
  exporter::Suggestion suggestion;
};

/// How a bucket is reached, where the environment says it.
struct StoreSettings {
  std::string region, endpoint;  ///< or ""
};

/// The catalog as the environment names it; both "" where a profile named DEFAULT does.
struct CatalogSettings {
  std::string url, profile;
};

/// A whole config, with an example where there are no entries. `settings` are written for the destination if
/// that is a bucket, else for the source if a table's path is in one.
std::string FormatConfig(std::string_view destination, const StoreSettings& settings,
                         const std::vector<TableEntry>& entries);
/// The same for tables that a catalog finds.
std::string FormatConfig(std::string_view destination, const StoreSettings& settings,
                         const CatalogSettings& catalog, const std::vector<TableEntry>& entries);

/// `config` with one more entry below the last one; every other line stays as it is, comments included.
/// kConfig where `tables` is not a list of lines that begin with "- ".
Result<std::string> AddEntry(std::string_view config, const TableEntry& entry);

/// The name of a table at this path below a searched folder: "sales/events" is "sales.events". Characters
/// that a name cannot contain become '_'.
std::string NameTable(std::string_view path);

}  // namespace sluice::cli
