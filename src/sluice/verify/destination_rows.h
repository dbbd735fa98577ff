#pragma once

#include <string>
#include <vector>

#include "sluice/exporter/session/session.h"
#include "sluice/verify/row_totals.h"

namespace sluice::verify {

/// Checks that each file of `manifest` exists at the destination, with its size and checksum. One line for
/// each file that does not. An error only if the store cannot be read.
Result<std::vector<std::string>> CheckFiles(exporter::Session& session,
                                            const ledger::Manifest& manifest);

/// The same for the _SUCCESS of snapshots and seeds.
Result<std::vector<std::string>> CheckMarkers(exporter::Session& session,
                                              const ledger::Manifest& manifest);

/// Shows every row of the manifest's files, in the columns of its schema, with its partition. A file that
/// cannot be read, or whose row count differs, adds a line to `faults` if given (sorted); the rows of the
/// other files are still shown. Missing files are left to CheckFiles.
Status VisitExport(exporter::Session& session, const ledger::Manifest& manifest,
                   const RowVisit& visit, std::vector<std::string>* faults = nullptr);

}  // namespace sluice::verify
