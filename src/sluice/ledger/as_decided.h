#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/ledger/records.h"

/// Manifests lie where others write, too; decisions are what counts. Pure.
namespace sluice::ledger {

/// How `published` differs from its decision, as Ledger::ReadDecision gives it, in what says which exports are in
/// force: "says void, and a window was decided"; "" where it does not. Nothing may be removed on the word of such
/// a manifest. A runner that voids an export writes its manifest before it closes the decision, so the newest
/// number may differ for a moment.
std::string DifferenceInStanding(const Manifest& published, const Decision& decision);

/// kConflict where there is such a difference, before anything is removed. `key`: of the manifest, as messages show
/// it; `name`: of the table.
Status RequireAsDecided(const Manifest& published, const Decision& decision, std::string_view key,
                        std::string_view name);

}  // namespace sluice::ledger
