#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/ledger/ledger.h"

namespace sluice::exporter {

/// What to do where the files of a published export are not as its manifest says: a copy, or the command
/// that exports the same rows anew. `name`: of the table. Pure.
std::string RepairAdvice(std::string_view name, const ledger::Manifest& manifest);

/// A number whose records do not go together.
struct RecordFault {
  std::string message, remedy;
};

/// What of `mismatch` is a fault. The newest number may lack its manifest: the next run finishes it. A copy of
/// a destination has no ledger at all, which is none. `name`: of the table. Pure.
std::vector<RecordFault> FindRecordFaults(std::string_view name,
                                          const ledger::Ledger::Mismatch& mismatch);

}  // namespace sluice::exporter
