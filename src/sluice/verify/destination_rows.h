#pragma once

#include <string>
#include <vector>

#include "sluice/exporter/session/session.h"
#include "sluice/verify/row_totals.h"

namespace sluice::verify {

/// Compares each file of `manifest` with what lies at the destination: there, of that size and that checksum.
/// One line a file that is not. An error only where the store can't be read.
Result<std::vector<std::string>> CheckFiles(exporter::Session& session,
                                            const ledger::Manifest& manifest);

/// The same for the _SUCCESS of snapshots and seeds.
Result<std::vector<std::string>> CheckMarkers(exporter::Session& session,
                                              const ledger::Manifest& manifest);

/// Every row of the manifest's files, in the columns of its schema, with the partition it lies in. Files that
/// can't be read, or hold another number of rows, are lines in `faults` where there is one, sorted; the rows
/// of the others come all the same. Files that are not there are left to CheckFiles.
Status VisitExport(exporter::Session& session, const ledger::Manifest& manifest,
                   const RowVisit& visit, std::vector<std::string>* faults = nullptr);

}  // namespace sluice::verify
