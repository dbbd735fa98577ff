#include "sluice/delta/log/log_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::delta {
namespace {

constexpr size_t kVersionDigits = 20;
constexpr size_t kPartDigits = 10;
// Nobody commits so often; sums with it do not overflow.
constexpr int64_t kLastVersion = 1'000'000'000'000'000'000;

// Exactly `digits` decimal digits from the front of `text`, which it takes away.
std::optional<int64_t> TakeNumber(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int64_t value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
  }
  const auto parsed = std::from_chars(text.data(), text.data() + digits, value);
  if (parsed.ec != std::errc()) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Writers are not held to the form of UUIDs.
bool IsUnique(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

// "<uuid>.parquet" or "<uuid>.json".
bool IsNameOfCheckpoint(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view format = text.substr(dot);
  return (format == ".parquet" || format == ".json") && IsUnique(text.substr(0, dot));
}

// What stands behind the version in the name of a checkpoint.
std::optional<LogFileName> ParseCheckpointName(std::string_view rest, LogFileName name) {
  if (rest == "parquet") {
    name.kind = LogFileKind::kCheckpoint;
    return name;
  }
  if (IsNameOfCheckpoint(rest)) {
    name.kind = LogFileKind::kNamedCheckpoint;
    return name;
  }
  const auto part = TakeNumber(rest, kPartDigits);
  if (!part || !Take(rest, ".")) return std::nullopt;
  const auto parts = TakeNumber(rest, kPartDigits);
  if (!parts || rest != ".parquet" || *part < 1 || *part > *parts) return std::nullopt;
  name.kind = LogFileKind::kCheckpointPart;
  name.part = *part;
  name.parts = *parts;
  return name;
}

}  // namespace

store::Key CommitKey(Version version) {
  return fmt::format("{}{:020}.json", kLogFolder, version.value);
}

store::Key CheckpointKey(Version version) {
  return fmt::format("{}{:020}.checkpoint.parquet", kLogFolder, version.value);
}

store::Key CompactedKey(Version first, Version last) {
  return fmt::format("{}{:020}.{:020}.compacted.json", kLogFolder, first.value, last.value);
}

store::Key ChecksumKey(Version version) {
  return fmt::format("{}{:020}.crc", kLogFolder, version.value);
}

store::Key SidecarKey(std::string_view name) {
  return fmt::format("{}_sidecars/{}", kLogFolder, name);
}

store::Key LastCheckpointKey() { return fmt::format("{}_last_checkpoint", kLogFolder); }

store::Key StagedCommitKey(std::string_view file_name) {
  return fmt::format("{}_staged_commits/{}", kLogFolder, file_name);
}

bool IsStagedCommitName(std::string_view file_name, Version version) {
  constexpr std::string_view kFormat = ".json";
  const auto named = TakeNumber(file_name, kVersionDigits);
  if (!named || *named != version.value || !Take(file_name, ".")) return false;
  return file_name.ends_with(kFormat) &&
         IsUnique(file_name.substr(0, file_name.size() - kFormat.size()));
}

store::Key LogKeyBefore(Version version) {
  return fmt::format("{}{:020}", kLogFolder, version.value);
}

std::optional<LogFileName> ParseLogKey(std::string_view key) {
  if (!Take(key, kLogFolder)) return std::nullopt;
  const auto version = TakeNumber(key, kVersionDigits);
  if (!version || *version > kLastVersion) return std::nullopt;
  LogFileName name;
  name.version = Version{*version};
  if (key == ".json") return name;
  if (Take(key, ".checkpoint.")) return ParseCheckpointName(key, name);
  if (!Take(key, ".")) return std::nullopt;
  const auto last = TakeNumber(key, kVersionDigits);
  if (!last || key != ".compacted.json" || *last <= *version) return std::nullopt;
  name.kind = LogFileKind::kCompacted;
  name.last = Version{*last};
  return name;
}

}  // namespace sluice::delta
