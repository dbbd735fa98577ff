#pragma once

#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// Takes out of `commits`, those after `scanned`, the adds of logical files that were live when they were added: such an
/// add is a newer word about the same rows, new statistics as a rule (PROTOCOL.md, "Add File and Remove File"), and
/// brings none. True if there were any. Asks for the table at `scanned` only where a file is older than that commit,
/// which new files are not. Errors of the log; where the table at `scanned` was cleaned up, what was live then is
/// not known and such adds stay.
Result<bool> LeaveOutAddedAgain(const Session& session, Version scanned,
                                std::vector<delta::Commit>& commits);

}  // namespace sluice::exporter
