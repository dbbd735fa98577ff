#pragma once

#include <set>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/ledger/ledger.h"
#include "sluice/ledger/records.h"

namespace sluice::verify {

/// The files of an export that one export wrote: itself, or one that it replaced and whose files it carried
/// over. Each part was read from the source version of the export that wrote it.
struct ExportPart {
  ledger::Manifest manifest;  ///< of the export that wrote them; its `files` are those of this part
  int64_t rows = 0;           ///< that they hold, as manifests say
  std::string row_hash;       ///< of these rows; "" where nothing says it
  /// Carried over: the folders that were, each with all that its writer put there.
  std::set<std::string> partitions;
  std::string unknown;  ///< why nothing can say what the source was; "" where it can

  /// True where the part is to hold what its writer read from the source for this folder.
  bool Holds(const std::string& partition) const {
    return partitions.empty() || partitions.contains(partition);
  }
};

/// What `manifest` itself wrote, first, then what it carried over, by number.
Result<std::vector<ExportPart>> PartsOf(const ledger::Ledger& ledger,
                                        const ledger::Manifest& manifest);

}  // namespace sluice::verify
