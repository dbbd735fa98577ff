#include "sluice/delta/schema/json_object.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "sluice/delta/schema/mend_json.h"

namespace sluice::delta {
namespace {

using simdjson::dom::element;

std::string AsText(element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

bool IsNumberError(simdjson::error_code code) {
  return code == simdjson::NUMBER_ERROR || code == simdjson::NUMBER_OUT_OF_RANGE;
}

// Whether brackets outside strings stand deeper in each other than a parser that recurses can follow.
bool IsNestedDeeply(std::string_view json) {
  constexpr int kMostDepth = 1024;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++depth > kMostDepth) return true;
    } else if (!in_string && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<JsonObject> JsonObject::From(element value, std::string_view context) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kCorrupt, "{} is not a JSON object", context);
  }
  return JsonObject(object, context);
}

std::optional<element> JsonObject::Get(std::string_view key) const {
  element value;
  if (object_.at_key(key).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

Result<std::optional<std::string>> JsonObject::String(std::string_view key) const {
  const auto value = Get(key);
  if (!value) return std::optional<std::string>();
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS) return WrongType(key, "a string");
  return std::optional<std::string>(text);
}

Result<std::optional<int64_t>> JsonObject::Int64(std::string_view key) const {
  const auto value = Get(key);
  if (!value) return std::optional<int64_t>();
  int64_t number = 0;
  if (value->get(number) == simdjson::SUCCESS) return std::optional<int64_t>(number);
  std::string_view text;
  if (value->get(text) == simdjson::SUCCESS) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if (whole) return std::optional<int64_t>(number);
  }
  double real = 0;
  // Some writers spell whole numbers as 1.0E10; 2^53 bounds what a double tells apart.
  if (value->is_double() && value->get(real) == simdjson::SUCCESS && real == std::trunc(real) &&
      std::abs(real) <= 9007199254740992.0) {
    return std::optional<int64_t>(static_cast<int64_t>(real));
  }
  return WrongType(key, "a 64-bit integer");
}

Result<std::optional<bool>> JsonObject::Bool(std::string_view key) const {
  const auto value = Get(key);
  if (!value) return std::optional<bool>();
  bool flag = false;
  if (value->get(flag) != simdjson::SUCCESS) return WrongType(key, "true or false");
  return std::optional<bool>(flag);
}

Result<std::optional<std::map<std::string, std::optional<std::string>>>> JsonObject::StringMap(
    std::string_view key) const {
  using Map = std::map<std::string, std::optional<std::string>>;
  const auto value = Get(key);
  if (!value) return std::optional<Map>();
  simdjson::dom::object object;
  if (value->get(object) != simdjson::SUCCESS) return WrongType(key, "an object");
  Map map;
  for (const auto& [name, entry] : object) {
    auto& slot = map[std::string(name)];
    slot = entry.is_null() ? std::nullopt : std::optional<std::string>(AsText(entry));
  }
  return std::optional<Map>(std::move(map));
}

Result<std::vector<std::string>> JsonObject::StringList(std::string_view key) const {
  std::vector<std::string> list;
  const auto value = Get(key);
  if (!value) return list;
  simdjson::dom::array array;
  if (value->get(array) != simdjson::SUCCESS) return WrongType(key, "an array of strings");
  for (const element entry : array) {
    std::string_view text;
    if (entry.get(text) != simdjson::SUCCESS) return WrongType(key, "an array of strings");
    list.emplace_back(text);
  }
  return list;
}

Result<std::string> JsonObject::RequiredString(std::string_view key) const {
  SLUICE_ASSIGN_OR_RETURN(auto value, String(key));
  if (!value) return Missing(key);
  return *std::move(value);
}

Result<int64_t> JsonObject::RequiredInt64(std::string_view key) const {
  SLUICE_ASSIGN_OR_RETURN(const auto value, Int64(key));
  if (!value) return Missing(key);
  return *value;
}

tl::unexpected<Error> JsonObject::WrongType(std::string_view key, std::string_view wanted) const {
  return Fail(ErrorKind::kCorrupt, "{}.{} is not {}", context_, key, wanted);
}

tl::unexpected<Error> JsonObject::Missing(std::string_view key) const {
  return Fail(ErrorKind::kCorrupt, "{} has no {}", context_, key);
}

Result<element> JsonParser::Parse(std::string_view text, std::string_view context) {
  buffer_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  buffer_.assign(text);
  element value;
  auto code = parser_.parse(buffer_.data(), text.size(), false).get(value);
  if (IsNumberError(code) && !IsNestedDeeply(text)) {
    const auto lenient = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!lenient.is_discarded()) {
      buffer_ = lenient.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      buffer_.reserve(buffer_.size() + simdjson::SIMDJSON_PADDING);
      code = parser_.parse(buffer_.data(), buffer_.size(), false).get(value);
    }
  }
  if (code != simdjson::SUCCESS) {
    return Fail(ErrorKind::kCorrupt, "{}: broken JSON: {}", context, simdjson::error_message(code));
  }
  return value;
}

Result<element> JsonParser::ParseLenient(std::string_view text, std::string_view context,
                                         bool& mended) {
  mended = false;
  auto strict = Parse(text, context);
  if (strict) return strict;
  MendedJson json = MendJson(text);
  if (!json.changed) return strict;
  mended = json.text_replaced;
  return Parse(json.text, context);
}

}  // namespace sluice::delta
