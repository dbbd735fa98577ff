#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/delta/log.h"
#include "sluice/delta/snapshot.h"

/// What the source's log says, as far as an append export needs it. Metadata only: no data file is
/// opened.
namespace sluice::survey {

/// Loads the table at `at` (nullopt: the latest version).
Result<delta::Snapshot> SurveySnapshot(const delta::Log& log, const std::string& watermark,
                                       std::optional<Version> at);

/// Reads the commits (after, through]. kSourceGone with its remedy where the beginning was cleaned up,
/// kCorrupt for a hole.
Result<std::vector<delta::Commit>> SurveyCommits(const delta::Log& log, Version after,
                                                 Version through);

}  // namespace sluice::survey
