#pragma once

#include <optional>
#include <string_view>

#include "sluice/exporter/session/commit_context.h"
#include "sluice/ledger/run_note.h"

namespace sluice::exporter {

/// How a run ended that a signal stopped; any other ends as its RunStatus is named.
inline constexpr std::string_view kStopped = "stopped";

using ledger::LastRun;
using ledger::Standstill;

/// Best effort. `ended`: how the run ended, in a word; `status` why it failed, if it did. `settled`: see
/// LastRun; what an earlier run noted stays where it is higher.
void RecordLastRun(const CommitContext& context, std::string_view ended, const Status& status,
                   int64_t settled, const std::optional<Standstill>& standstill = {});
/// nullopt where no run was recorded or the note can't be read.
std::optional<LastRun> ReadLastRun(const CommitContext& context);
/// The same for a command whose answer depends on it: kCorrupt, or the store's error, if the note cannot be read.
Result<std::optional<LastRun>> RequireLastRun(const CommitContext& context);

}  // namespace sluice::exporter
