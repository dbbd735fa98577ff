#pragma once

#include <string>
#include <vector>

#include "sluice/exporter/session/services.h"
#include "sluice/ledger/records.h"
#include "sluice/verify/verify_report.h"

namespace sluice::verify {

struct FilesBeside {
  /// Files that no manifest names and that a reader who lists folders mistakes for the export: data files with
  /// our names of exports that were published without them, and whatever lies in the folder of a snapshot.
  /// Files of other writers beside windows are not faults. One line a file, at most a few, in the order of keys.
  std::vector<std::string> faults;
  /// Files of exports that are no longer in force, because a later one holds their rows.
  std::vector<LingeringFiles> lingering;
};

/// Lists the destination. `manifests`: all of the table.
Result<FilesBeside> FindStrayFiles(const exporter::Services& services, const config::Table& table,
                                   const std::vector<ledger::Manifest>& manifests);

}  // namespace sluice::verify
