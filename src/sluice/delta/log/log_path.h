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
store::Key CompactedKey(Version first, Version last);
store::Key ChecksumKey(Version version);  ///< "_delta_log/00000000000000000007.crc"
store::Key SidecarKey(std::string_view name);
store::Key LastCheckpointKey();
/// Of a commit that a catalog named.
store::Key StagedCommitKey(std::string_view file_name);
/// "<version, 20 digits>.<uuid>.json", without a folder. Writers are not held to the form of UUIDs.
bool IsStagedCommitName(std::string_view file_name, Version version);
/// Before every key of `version` and after those of the versions before it, as List() compares.
store::Key LogKeyBefore(Version version);

enum class LogFileKind {
  kCommit,
  kCheckpoint,       ///< one file under the classic name, of whatever content
  kCheckpointPart,   ///< of a multi-part one
  kNamedCheckpoint,  ///< a v2 checkpoint with a UUID in its name, in Parquet or JSON
  kCompacted,        ///< what several commits come to
};

struct LogFileName {
  LogFileKind kind = LogFileKind::kCommit;
  Version version;
  int64_t part = 1, parts = 1;  ///< kCheckpointPart: 1-based, of how many
  Version last{-1};  ///< kCompacted: the last commit that is in it; `version` is the first
  bool operator==(const LogFileName&) const = default;
};

/// nullopt for everything else: checksums, staged commits, temporary files, names that are not ours, compacted
/// logs of less than two commits.
std::optional<LogFileName> ParseLogKey(std::string_view key);

}  // namespace sluice::delta
