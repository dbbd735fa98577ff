#include "sluice/verify/recorded_decision.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

namespace sluice::verify {
namespace {

/// As it is shown in a message.
std::string Shown(const nlohmann::json& value) {
  constexpr size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

}  // namespace

std::vector<std::string> DifferencesToDecision(const ledger::Manifest& published,
                                               const ledger::Decision& decision) {
  if (published.kind == ledger::ExportKind::kVoid) return {};
  const auto now = nlohmann::json::parse(ledger::Serialize(published));
  const auto then = nlohmann::json::parse(ledger::Serialize(decision.manifest));
  std::set<std::string> keys;
  for (const auto& [key, value] : now.items()) keys.insert(key);
  for (const auto& [key, value] : then.items()) keys.insert(key);
  if (decision.generation > 1) {
    for (const char* key : {"files", "committed_at", "program"}) keys.erase(key);
  }
  std::vector<std::string> differences;
  for (const auto& key : keys) {
    const auto a = now.value(key, nlohmann::json()), b = then.value(key, nlohmann::json());
    if (a == b) continue;
    differences.push_back(
        key == "files"
            ? std::string("its manifest lists other files than were decided")
            : fmt::format("its manifest says {} {}, and {} was decided", key, Shown(a), Shown(b)));
  }
  return differences;
}

}  // namespace sluice::verify
