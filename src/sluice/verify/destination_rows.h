#pragma once

#include <string>
#include <vector>

#include "sluice/exporter/session.h"
#include "sluice/verify/row_totals.h"

namespace sluice::verify {

/// Compares each file of `manifest` with what lies at the destination: there, of that size, that checksum and
/// that many rows. One line a file that is not. An error only where the store can't be read.
Result<std::vector<std::string>> CheckFiles(exporter::Session& session,
                                            const ledger::Manifest& manifest);

/// Every row of the manifest's files, in the columns of its schema, with the partition it lies in. kNotFound
/// and kCorrupt name the file.
Status VisitExport(exporter::Session& session, const ledger::Manifest& manifest,
                   const RowVisit& visit);

}  // namespace sluice::verify
