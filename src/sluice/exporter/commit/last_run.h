#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/exporter/session/commit_context.h"

namespace sluice::exporter {

/// How a run ended that a signal stopped; any other ends as its RunStatus is named.
inline constexpr std::string_view kStopped = "stopped";

/// What a run saw that ended well and left nothing to do. As long as all of it stays the same, later runs have
/// nothing to do either, and need not look any further (docs/commit-protocol.md, "A run that finds nothing").
struct Standstill {
  std::string config;  ///< digest of what planning asks of the config and of the program
  int64_t n = 0;       ///< the newest export, settled
  std::string ledger;  ///< ledger::Ledger::MarkOfNewest(n)
  Version source;
  std::string source_mark;  ///< of that version's commit: delta::CommitFile::Mark
  std::string row;          ///< where the table's row in _export_state stands: ledger::ToText
  Version state;            ///< of _export_state; -1 for patterns that keep none
  std::string state_mark;
  std::optional<Timestamp>
      due;  ///< when there is something to do although nothing changed; nullopt: never
};

/// How the last run of a table ended, kept beside the ledger (never where the partner reads) so that
/// `status` can show it. A note: where it is lost, nothing is exported twice or not at all.
struct LastRun {
  Timestamp at;
  std::string status;
  std::string error;  ///< "" if it ended well
  /// Every export up to this one was settled, its state followed, when some run ended well; 0: none.
  int64_t settled = 0;
  std::optional<Standstill> standstill;
};

/// Best effort. `ended`: how the run ended, in a word; `status` why it failed, if it did. `settled`: see
/// LastRun; what an earlier run noted stays where it is higher.
void RecordLastRun(const CommitContext& context, std::string_view ended, const Status& status,
                   int64_t settled, const std::optional<Standstill>& standstill = {});
/// nullopt where no run was recorded or the note can't be read.
std::optional<LastRun> ReadLastRun(const CommitContext& context);
/// The same for a command whose answer depends on it: kCorrupt, or the store's error, if the note cannot be read.
Result<std::optional<LastRun>> RequireLastRun(const CommitContext& context);

}  // namespace sluice::exporter
