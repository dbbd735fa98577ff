#pragma once

#include <optional>
#include <string>

#include "sluice/exporter/commit/job.h"
#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// Why the export that another runner began with `intent` cannot be done as it was meant, under today's
/// config, format and pattern; nullopt: it can. Pure.
std::optional<std::string> FindObstacle(const config::Table& table, const ledger::Intent& intent);

/// Makes the work of `intent` again from its pinned source version: the same window, the same rows.
/// kSourceGone, kNotFound or kConflict where that version can't be read any more.
Result<Job> PrepareAgain(const ledger::Ledger& ledger, SourceAccess& access,
                         const ledger::Intent& intent);

}  // namespace sluice::exporter
