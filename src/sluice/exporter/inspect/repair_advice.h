#pragma once

#include <string>
#include <string_view>

#include "sluice/ledger/records.h"

namespace sluice::exporter {

/// What to do where the files of a published export are not as its manifest says: a copy, or the command
/// that exports the same rows again. `name`: of the table. Pure.
std::string RepairAdvice(std::string_view name, const ledger::Manifest& manifest);

}  // namespace sluice::exporter
