#pragma once

#include <string>
#include <vector>

#include "sluice/exporter/session/session.h"
#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// Lets `pieces`, which replace exports among `decisions` whole, carry over the files of partition folders in
/// which no row of `asked` lies (plan::CarryOver). Only files that would be written the same way today may
/// stay; returns what a person should know of those that may not. Appends only: the folders of a feed say when
/// a change was committed, and its ranges are versions.
Result<std::vector<std::string>> CarryFilesOver(Session& session, RangeSource& source,
                                                const std::vector<ledger::Decision>& decisions,
                                                const plan::Replacement& replacement,
                                                plan::Range asked,
                                                std::vector<plan::PlannedExport>& pieces);

}  // namespace sluice::exporter
