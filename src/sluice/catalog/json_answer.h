#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/net/http_client.h"

/// JSON that a server sent, read without trust: whatever stands where it should not is as good as missing.
namespace sluice::catalog {

using Json = nlohmann::json;

/// The longest answer that is read. A listing's page holds some dozens of tables with all of their columns.
inline constexpr size_t kMostAnswerBytes = size_t{16} << 20;

/// kCorrupt for text that is not JSON, or that is nested more deeply than any answer of a catalog.
Result<Json> ParseJson(std::string_view text);

/// `error`, which an answer about `name` ended in; kCorrupt without a remedy gets the one for answers that no catalog
/// gives.
Error WithinAnswer(Error error, const std::string& name);

/// A page for people: of a login, of a proxy, of another kind of server.
bool IsHtml(const net::HttpResponse& answer);

/// nullptr where it is missing or null.
const Json* Member(const Json& object, const char* name);
/// "" where it is missing or not a text.
std::string Text(const Json& object, const char* name);
/// nullopt where it is missing or not a whole number of 64 bits.
std::optional<int64_t> Number(const Json& object, const char* name);

}  // namespace sluice::catalog
