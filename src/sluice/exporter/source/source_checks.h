#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/delta/log/log.h"
#include "sluice/plan/source_facts.h"

/// What is asked of every source before anything of it is exported.
namespace sluice::exporter {

/// kCorrupt where commits are missing between those that lie in the log, up to the pinned version: also below
/// a checkpoint, which hides them from a snapshot. What lies before `seen` was looked at by an earlier run.
/// A beginning that was cleaned up does not count as a hole.
Status RequireNoHole(const delta::Log& log, std::optional<Version> seen, Version pinned);

/// Applies `on_schema_change` to the difference between the columns exported last and those that would be
/// exported now. Returns notes about a change that is let through. Pure.
Result<std::vector<std::string>> CheckSchemaChange(const config::Table& table,
                                                   const plan::SourceFacts& facts);

}  // namespace sluice::exporter
