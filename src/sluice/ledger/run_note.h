#pragma once

#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/store/object_store.h"

namespace sluice::ledger {

/// What a run saw that ended well and left nothing to do. As long as all of it stays the same, later runs have
/// nothing to do either, and need not look any further (docs/commit-protocol.md, "A run that finds nothing").
struct Standstill {
  std::string config;  ///< digest of what planning asks of the config and of the program
  int64_t n = 0;       ///< the newest export, settled
  std::string ledger;  ///< Ledger::MarkOfNewest(n)
  Version source;
  std::string source_mark;  ///< of that version's commit: delta::CommitFile::Mark
  std::string row;          ///< where the table's row in _export_state stands: ToText
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

/// As the note has it; the error is redacted and without names already.
std::string ToJsonText(const LastRun& run);
/// nullopt where no run was recorded. kCorrupt, or the store's error, if the note cannot be read.
Result<std::optional<LastRun>> ReadLastRun(const store::ObjectStore& ledger_store,
                                           const store::Key& folder);

}  // namespace sluice::ledger
