#pragma once

#include <string>
#include <vector>

#include "sluice/ledger/records.h"

/// Whether a published manifest is the one that was decided. Pure.
namespace sluice::verify {

/// The fields in which `published` differs from the manifest of `decision`, in words. Where files lie is left out,
/// because lost ones are made again under other names; so are tombstones and voids, which overrule a decision.
std::vector<std::string> DifferencesToDecision(const ledger::Manifest& published,
                                               const ledger::Decision& decision);

}  // namespace sluice::verify
