#include "sluice/ledger/ledger_path.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice::ledger {
namespace {

constexpr size_t kNumberDigits = 20;
constexpr std::string_view kDefaultStateFolder = "_export_state";

/// Strips the number from the front of `text`; nullopt unless it has the exact form we write.
std::optional<int64_t> TakeNumber(std::string_view& text) {
  if (text.size() < kNumberDigits) return std::nullopt;
  int64_t n = 0;
  const char* end = text.data() + kNumberDigits;
  const auto [stop, error] = std::from_chars(text.data(), end, n);
  if (error != std::errc{} || stop != end || n < 1 || text.front() == '-') return std::nullopt;
  text.remove_prefix(kNumberDigits);
  return n;
}

/// The generation in `file`: from 2 on, between `before` and ".json", as we write it.
std::optional<int> ParseGeneration(std::string_view file, std::string_view before) {
  constexpr std::string_view kAfter = ".json";
  if (!file.starts_with(before) || !file.ends_with(kAfter)) return std::nullopt;
  file.remove_prefix(before.size());
  if (file.size() <= kAfter.size()) return std::nullopt;
  file.remove_suffix(kAfter.size());
  int generation = 0;
  const auto [stop, error] = std::from_chars(file.data(), file.data() + file.size(), generation);
  if (error != std::errc{} || stop != file.data() + file.size() || generation < 2 ||
      fmt::format("{}", generation) != file) {
    return std::nullopt;
  }
  return generation;
}

}  // namespace

std::string FormatNumber(int64_t n) { return fmt::format("{:020}", n); }

store::Key LedgerFolder(std::string_view name) { return fmt::format("_sluice/{}/ledger/", name); }

store::Key LedgerFolderOf(std::string_view state_folder, std::string_view name) {
  if (state_folder == kDefaultStateFolder) return LedgerFolder(name);
  return fmt::format("_sluice/state={}/{}/ledger/", state_folder, name);
}

store::Key IntentKey(std::string_view folder, int64_t n) {
  return fmt::format("{}{}.intent.json", folder, FormatNumber(n));
}

store::Key DecisionKey(std::string_view folder, int64_t n, int generation) {
  const std::string suffix =
      generation == 1 ? ".commit.json" : fmt::format(".commit.{}.json", generation);
  return fmt::format("{}{}{}", folder, FormatNumber(n), suffix);
}

store::Key RunnerHeartbeatKey(std::string_view folder, int64_t n) {
  return fmt::format("{}{}.heartbeat.json", folder, FormatNumber(n));
}

store::Key LastRunKey(std::string_view folder) { return fmt::format("{}last_run.json", folder); }

store::Key IdentityKey(std::string_view folder, int generation) {
  if (generation == 1) return fmt::format("{}identity.json", folder);
  return fmt::format("{}identity.{}.json", folder, generation);
}

std::optional<int> ParseIdentityName(std::string_view file) {
  if (file == "identity.json") return 1;
  return ParseGeneration(file, "identity.");
}

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
  const auto generation = ParseGeneration(file, ".commit.");
  if (!generation) return std::nullopt;
  return LedgerEntryName{Type::kDecision, *n, *generation};
}

std::optional<int64_t> ParseManifestName(std::string_view file) {
  const auto n = TakeNumber(file);
  if (!n || file != ".json") return std::nullopt;
  return n;
}

}  // namespace sluice::ledger
