#pragma once

#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/ledger/ledger.h"
#include "sluice/store/object_store.h"

/// The `_SUCCESS` beside the files of a snapshot or seed: put once all of them are there, taken away before
/// the first of them goes. Only folders are touched in which a decision of ours lists a file, so that what
/// others put anywhere stays.
namespace sluice::exporter {

/// The markers that belong to these files: one a folder; none for files that lie in no snapshot's folder.
/// `name`: of the table. Pure.
std::vector<store::Key> MarkersOf(std::string_view name, const std::vector<store::Key>& files);

/// Beside the files of a decided snapshot or seed. Does nothing for other kinds.
Status PutMarkers(store::ObjectStore& destination, std::string_view name,
                  const ledger::Decision& decision);

/// Takes the markers beside these files away.
Status RemoveMarkers(store::ObjectStore& destination, std::string_view name,
                     const std::vector<store::Key>& files);

/// The same for an export that must not be read, because it was voided or dropped: a runner that pauses
/// before it marks the export complete may do so after that. Does nothing as long as its manifest
/// doesn't say so.
Status RemoveMarkersIfGone(const ledger::Ledger& ledger, store::ObjectStore& destination,
                           std::string_view name, const ledger::Decision& decision);

}  // namespace sluice::exporter
