#pragma once

#include <optional>
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
/// that is a bucket, else for the source if a table is in one, or a catalog finds it: then `catalog` is set.
std::string FormatConfig(std::string_view destination, const StoreSettings& settings,
                         const std::vector<TableEntry>& entries,
                         const std::optional<CatalogSettings>& catalog = {});

/// `config` with one more entry below the last one; every other line stays as it is, comments included.
/// kConfig where `tables` is not a list of lines that begin with "- ".
Result<std::string> AddEntry(std::string_view config, const TableEntry& entry);

/// The name of a table at this path below a searched folder: "sales/events" is "sales.events". Characters
/// that a name cannot contain become '_'.
std::string NameTable(std::string_view path);

/// `name` as a folder may be called: every character that it cannot have, a dot too, becomes '_'.
std::string PlainName(std::string name);

}  // namespace sluice::cli
