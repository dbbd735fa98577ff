#include "sluice/delta/log/log_path.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice::delta {
namespace {

constexpr size_t kVersionDigits = 20;
constexpr size_t kPartDigits = 10;

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

}  // namespace

store::Key CommitKey(Version version) {
  return fmt::format("{}{:020}.json", kLogFolder, version.value);
}

store::Key CheckpointKey(Version version) {
  return fmt::format("{}{:020}.checkpoint.parquet", kLogFolder, version.value);
}

store::Key LastCheckpointKey() { return fmt::format("{}_last_checkpoint", kLogFolder); }

store::Key LogKeyBefore(Version version) {
  return fmt::format("{}{:020}", kLogFolder, version.value);
}

std::optional<LogFileName> ParseLogKey(std::string_view key) {
  if (!Take(key, kLogFolder)) return std::nullopt;
  const auto version = TakeNumber(key, kVersionDigits);
  if (!version) return std::nullopt;
  LogFileName name;
  name.version = Version{*version};
  if (key == ".json") return name;
  if (!Take(key, ".checkpoint.")) return std::nullopt;
  if (key == "parquet") {
    name.kind = LogFileKind::kCheckpoint;
    return name;
  }
  const auto part = TakeNumber(key, kPartDigits);
  if (!part || !Take(key, ".")) return std::nullopt;
  const auto parts = TakeNumber(key, kPartDigits);
  if (!parts || key != ".parquet" || *part < 1 || *part > *parts) return std::nullopt;
  name.kind = LogFileKind::kCheckpointPart;
  name.part = *part;
  name.parts = *parts;
  return name;
}

}  // namespace sluice::delta
