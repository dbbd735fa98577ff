#include "sluice/ledger/ledger_path.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice::ledger {
namespace {

constexpr size_t kNumberDigits = 20;

/// Takes the number off the front of `text`; nullopt unless it has the exact form we write.
std::optional<int64_t> TakeNumber(std::string_view& text) {
  if (text.size() < kNumberDigits) return std::nullopt;
  int64_t n = 0;
  const char* end = text.data() + kNumberDigits;
  const auto [stop, error] = std::from_chars(text.data(), end, n);
  if (error != std::errc{} || stop != end || n < 1 || text.front() == '-') return std::nullopt;
  text.remove_prefix(kNumberDigits);
  return n;
}

}  // namespace

std::string FormatNumber(int64_t n) { return fmt::format("{:020}", n); }

store::Key LedgerFolder(std::string_view name) { return fmt::format("_sluice/{}/ledger/", name); }

store::Key IntentKey(std::string_view name, int64_t n) {
  return LedgerFolder(name) + FormatNumber(n) + ".intent.json";
}

store::Key DecisionKey(std::string_view name, int64_t n, int generation) {
  const std::string suffix =
      generation == 1 ? ".commit.json" : fmt::format(".commit.{}.json", generation);
  return LedgerFolder(name) + FormatNumber(n) + suffix;
}

store::Key RunnerHeartbeatKey(std::string_view name, int64_t n) {
  return LedgerFolder(name) + FormatNumber(n) + ".heartbeat.json";
}

store::Key LastRunKey(std::string_view name) { return LedgerFolder(name) + "last_run.json"; }

store::Key ManifestFolder(std::string_view name) {
  return fmt::format("_sluice/{}/manifests/", name);
}

store::Key ManifestKey(std::string_view name, int64_t n) {
  return ManifestFolder(name) + FormatNumber(n) + ".json";
}

store::Key PublishedHeartbeatKey(std::string_view name) {
  return fmt::format("_sluice/{}/heartbeat.json", name);
}

store::Key ProbeFolder() { return "_sluice/probe/"; }

store::Key ProbeKey(std::string_view random_hex16) {
  return fmt::format("{}{}.txt", ProbeFolder(), random_hex16);
}

bool IsProbeKey(std::string_view key) {
  constexpr size_t kDigits = 16;
  const std::string folder = ProbeFolder();
  if (!key.starts_with(folder)) return false;
  const std::string_view random = key.substr(folder.size()).substr(0, kDigits);
  return random.size() == kDigits && key == ProbeKey(random) &&
         random.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<LedgerEntryName> ParseLedgerEntry(std::string_view file) {
  const auto n = TakeNumber(file);
  if (!n) return std::nullopt;
  using Type = LedgerEntryName::Type;
  if (file == ".intent.json") return LedgerEntryName{Type::kIntent, *n, 1};
  if (file == ".heartbeat.json") return LedgerEntryName{Type::kHeartbeat, *n, 1};
  if (file == ".commit.json") return LedgerEntryName{Type::kDecision, *n, 1};
  constexpr std::string_view kBefore = ".commit.";
  constexpr std::string_view kAfter = ".json";
  if (!file.starts_with(kBefore) || !file.ends_with(kAfter)) return std::nullopt;
  file.remove_prefix(kBefore.size());
  if (file.size() <= kAfter.size()) return std::nullopt;
  file.remove_suffix(kAfter.size());
  int generation = 0;
  const auto [stop, error] = std::from_chars(file.data(), file.data() + file.size(), generation);
  if (error != std::errc{} || stop != file.data() + file.size() || generation < 2 ||
      fmt::format("{}", generation) != file) {
    return std::nullopt;
  }
  return LedgerEntryName{Type::kDecision, *n, generation};
}

std::optional<int64_t> ParseManifestName(std::string_view file) {
  const auto n = TakeNumber(file);
  if (!n || file != ".json") return std::nullopt;
  return n;
}

}  // namespace sluice::ledger
