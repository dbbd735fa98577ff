#pragma once

#include <string>
#include <vector>

#include "sluice/ledger/records.h"

/// Whether a published manifest is the one that was decided. Pure.
namespace sluice::verify {

/// The fields in which `published` differs from the manifest of `decision`, in words. Where lost files were made
/// again, under other names and later, a runner may have published the generation before; tombstones and voids
/// overrule a decision (ledger::DifferenceInStanding).
std::vector<std::string> DifferencesToDecision(const ledger::Manifest& published,
                                               const ledger::Decision& decision);

}  // namespace sluice::verify
