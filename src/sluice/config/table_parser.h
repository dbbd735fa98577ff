#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/config/yaml_map.h"

namespace sluice::config {

struct ParsedTable {
  Table table;
  bool has_pattern = false;  ///< false: which keys apply is not known
};

/// One entry of `tables`, with what it leaves out taken from `defaults`. Mistakes are noted in the maps.
/// `has_catalog`: the entry may do without a path.
ParsedTable ParseTable(YamlMap& entry, YamlMap& defaults, bool has_catalog);

/// Notes what is wrong with `defaults` by themselves, whether a table uses them or not.
void CheckDefaults(YamlMap& defaults);

}  // namespace sluice::config
