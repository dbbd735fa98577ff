#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// A table that exports nothing for a long time although nothing looks wrong.
struct FarAhead {
  std::string message, remedy;
};

/// The position of an append table (`exported`, or its row in _export_state where that is later) lies more
/// than a day after both the run's clock and the machine's: runs find nothing new until then. nullopt
/// otherwise. `name`: of the table; `now`: the later of the two clocks. Pure.
std::optional<FarAhead> FindFarAhead(std::string_view name, const ledger::Bound& exported,
                                     const ledger::Bound& row, Timestamp now);

/// The later of the run's clock and the machine's.
Timestamp LatestClock(const Services& services);

/// Refuses (kConflict) a window that would end later than it is by the destination's own clock: rows of its
/// last minutes are still coming. A `--now` that lies more than a day ahead of the machine's clock is no
/// clock gone wrong, but meant. docs/commit-protocol.md.
Status RequireClockNotAhead(const Session& session, Timestamp end);

}  // namespace sluice::exporter
