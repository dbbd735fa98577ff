#include "sluice/ledger/run_note.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sluice/base/time_zone.h"
#include "sluice/ledger/ledger_path.h"

namespace sluice::ledger {
namespace {

nlohmann::json ToJson(const Standstill& still) {
  nlohmann::json json = {{"config", still.config},           {"n", still.n},
                         {"ledger", still.ledger},           {"source", still.source.value},
                         {"source_mark", still.source_mark}, {"row", still.row},
                         {"state", still.state.value},       {"state_mark", still.state_mark}};
  if (still.due) json["due"] = FormatTimestamp(*still.due);
  return json;
}

/// nullopt for whatever was not written by this program: the run looks at everything then.
std::optional<Standstill> ParseStandstill(const nlohmann::json& json) {
  const auto text = [&](const char* key) -> std::optional<std::string> {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  };
  const auto number = [&](const char* key) -> std::optional<int64_t> {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number_integer()) return std::nullopt;
    return found->get<int64_t>();
  };
  if (!json.is_object()) return std::nullopt;
  const auto config = text("config"), ledger = text("ledger"), source_mark = text("source_mark"),
             row = text("row"), state_mark = text("state_mark");
  const auto n = number("n"), source = number("source"), state = number("state");
  if (!config || !ledger || !source_mark || !row || !state_mark || !n || !source || !state) {
    return std::nullopt;
  }
  Standstill still{*config,         *n,          *ledger, Version{*source}, *source_mark, *row,
                   Version{*state}, *state_mark, {}};
  if (json.contains("due")) {
    const auto due = ParseTimestamp(text("due").value_or(""), TimeZone::Utc());
    if (!due) return std::nullopt;
    still.due = *due;
  }
  return still;
}

}  // namespace

std::string ToJsonText(const LastRun& run) {
  nlohmann::json json = {{"at", FormatTimestamp(run.at)},
                         {"status", run.status},
                         {"settled", run.settled},
                         {"error", run.error}};
  if (run.standstill) json["standstill"] = ToJson(*run.standstill);
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<std::optional<LastRun>> ReadLastRun(const store::ObjectStore& ledger_store,
                                           const store::Key& folder) {
  const store::Key key = LastRunKey(folder);
  const auto text = ledger_store.Get(key);
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return std::nullopt;
    return Fail(text.error());
  }
  const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  const auto field = [&](const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_string()
               ? json[name].get<std::string>()
               : std::string();
  };
  const auto at = ParseTimestamp(field("at"), TimeZone::Utc());
  if (!at) {
    return Fail(Error{
        ErrorKind::kCorrupt,
        fmt::format("{}: the note of the last run cannot be read", ledger_store.DisplayName(key)),
        "run `sluice run NAME`, which writes it again"});
  }
  const auto settled = json.find("settled");
  const auto standstill = json.find("standstill");
  return LastRun{
      *at, field("status"), field("error"),
      settled != json.end() && settled->is_number_integer() ? settled->get<int64_t>() : 0,
      standstill != json.end() ? ParseStandstill(*standstill) : std::nullopt};
}

}  // namespace sluice::ledger
