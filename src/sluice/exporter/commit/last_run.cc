#include "sluice/exporter/commit/last_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "sluice/ledger/ledger_path.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {

namespace {

/// The message without what it quotes. The note lies at the destination, where no name may be that of a
/// column which must not leave the source; the run itself told the names.
std::string WithoutNames(std::string_view message) {
  std::string without;
  bool quoted = false;
  for (size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (c != '\'') {
      if (!quoted) without += c;
      continue;
    }
    const bool apostrophe =
        !quoted && i > 0 && std::isalnum(static_cast<unsigned char>(message[i - 1])) != 0;
    if (apostrophe) {
      without += c;
      continue;
    }
    if (!quoted) without += "'...'";
    quoted = !quoted;
  }
  return without;
}

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

void RecordLastRun(const CommitContext& context, std::string_view ended, const Status& status,
                   int64_t settled, const std::optional<Standstill>& standstill) {
  if (!status) {  // a run that ended well saw the newest export settled; a failed one may have seen none
    const auto before = ReadLastRun(context);
    settled = std::max(settled, before ? before->settled : 0);
  }
  nlohmann::json json = {
      {"at", FormatTimestamp(context.clock.Now())},
      {"status", ended},
      {"settled", settled},
      {"error",
       status ? std::string() : runtime::RedactError(WithoutNames(status.error().message))}};
  if (standstill) json["standstill"] = ToJson(*standstill);
  const auto put = context.ledger_store.Put(
      ledger::LastRunKey(context.ledger.folder()),
      json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  if (!put) spdlog::debug("note of the last run: {}", put.error().message);
}

Result<std::optional<LastRun>> RequireLastRun(const CommitContext& context) {
  const store::Key key = ledger::LastRunKey(context.ledger.folder());
  const auto text = context.ledger_store.Get(key);
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
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("{}: the note of the last run cannot be read",
                                  context.ledger_store.DisplayName(key)),
                      "run `sluice run NAME`, which writes it again"});
  }
  const auto settled = json.find("settled");
  const auto standstill = json.find("standstill");
  return LastRun{
      *at, field("status"), field("error"),
      settled != json.end() && settled->is_number_integer() ? settled->get<int64_t>() : 0,
      standstill != json.end() ? ParseStandstill(*standstill) : std::nullopt};
}

std::optional<LastRun> ReadLastRun(const CommitContext& context) {
  return RequireLastRun(context).value_or(std::nullopt);
}

}  // namespace sluice::exporter
