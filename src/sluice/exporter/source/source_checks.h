#pragma once

#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/plan/source_facts.h"

/// What is asked of every source before anything of it is exported.
namespace sluice::exporter {

/// Applies `on_schema_change` to the difference between the columns exported last and those that would be
/// exported now. Returns notes about a change that is let through. Pure.
Result<std::vector<std::string>> CheckSchemaChange(const config::Table& table,
                                                   const plan::SourceFacts& facts);

}  // namespace sluice::exporter
