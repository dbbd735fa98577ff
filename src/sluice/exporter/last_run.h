#pragma once

#include <optional>
#include <string>

#include "sluice/exporter/report.h"
#include "sluice/exporter/session.h"

namespace sluice::exporter {

/// How the last run of a table ended, kept beside the ledger (never where the partner reads) so that
/// `status` can tell it. A note and nothing more: no decision rests on it.
struct LastRun {
  Timestamp at;
  std::string status;
  std::string error;  ///< "" if it ended well
};

/// Best effort. `status` is how the run ended; `exported` whether anything became visible.
void RecordLastRun(Session& session, const Status& status, bool exported);
/// nullopt where no run was recorded or the note can't be read.
std::optional<LastRun> ReadLastRun(Session& session);

}  // namespace sluice::exporter
