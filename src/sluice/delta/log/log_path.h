#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/types.h"
#include "sluice/store/object_store.h"

/// Every name below `_delta_log`, made and parsed (PROTOCOL.md, "Delta Log Entries", "Checkpoint
/// Naming Scheme"). Pure.
namespace sluice::delta {

inline constexpr std::string_view kLogFolder = "_delta_log/";

store::Key CommitKey(Version version);      ///< "_delta_log/00000000000000000007.json"
store::Key CheckpointKey(Version version);  ///< classic, one file
store::Key LastCheckpointKey();
/// Before every key of `version` and after those of the versions before it, as List() compares.
store::Key LogKeyBefore(Version version);

enum class LogFileKind { kCommit, kCheckpoint, kCheckpointPart };

struct LogFileName {
  LogFileKind kind = LogFileKind::kCommit;
  Version version;
  int64_t part = 1, parts = 1;  ///< kCheckpointPart: 1-based, of how many
  bool operator==(const LogFileName&) const = default;
};

/// nullopt for everything else: checksums, compacted logs, uuid-named checkpoints, staged commits,
/// temporary files, names that are not ours.
std::optional<LogFileName> ParseLogKey(std::string_view key);

}  // namespace sluice::delta
