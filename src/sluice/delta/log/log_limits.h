#pragma once

#include <cstddef>
#include <cstdint>

/// What no honest log comes near. A log that was made to exhaust memory or time is refused by one of these.
namespace sluice::delta {

/// Of one commit, compacted log, or v2 checkpoint in JSON.
inline constexpr int64_t kMostCommitBytes = int64_t{1} << 30;
/// Of one action. A schema of 10,000 columns takes 2 MB.
inline constexpr int64_t kMostActionBytes = int64_t{64} << 20;
/// Of `_last_checkpoint`, which is only a hint.
inline constexpr int64_t kMostHintBytes = int64_t{16} << 20;
/// Of `<version>.crc`, which may list the files of small tables.
inline constexpr int64_t kMostChecksumBytes = int64_t{256} << 20;
/// Of one file's statistics; longer ones count as absent.
inline constexpr size_t kMostStatisticsBytes = size_t{16} << 20;
/// Parts or sidecars of one checkpoint. Spark puts a million files into each.
inline constexpr size_t kMostCheckpointFiles = 10'000;

}  // namespace sluice::delta
