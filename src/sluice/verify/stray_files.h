#pragma once

#include <string>
#include <vector>

#include "sluice/exporter/session/services.h"
#include "sluice/ledger/records.h"

namespace sluice::verify {

/// Files that no manifest names and that a reader who lists folders takes for the export: data files with
/// our names of numbers that were published without them, and whatever lies in the folder of a snapshot.
/// Files of others beside windows are theirs to keep. One line a file, a few of them, in the order of keys.
Result<std::vector<std::string>> FindStrayFiles(const exporter::Services& services,
                                                const config::Table& table,
                                                const std::vector<ledger::Manifest>& current);

}  // namespace sluice::verify
