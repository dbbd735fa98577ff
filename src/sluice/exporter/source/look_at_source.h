#pragma once

#include <memory>

#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// Opens the table's source and looks at it as its pattern does. `position` is that after the newest decided
/// export.
Result<std::unique_ptr<PatternSource>> LookAtSource(Session& session,
                                                    const ledger::Position& position,
                                                    const SourceOptions& options);

/// The same, to export ranges of it by hand. NoRanges() for pattern snapshot.
Result<std::unique_ptr<RangeSource>> LookAtRanges(Session& session,
                                                  const ledger::Position& position,
                                                  const SourceOptions& options);
/// kUsage.
Error NoRanges();

}  // namespace sluice::exporter
