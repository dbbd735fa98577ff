#include "sluice/ledger/record_fields.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "sluice/base/time_zone.h"

namespace sluice::ledger {
namespace {

using nlohmann::json;

int64_t ToInteger(const json& value, const std::string& path) {
  if (!value.is_number_integer()) RefuseField(path, value, "a whole number");
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    RefuseField(path, value, "a number of 64 bits");
  }
  return value.get<int64_t>();
}

std::string ToText(const json& value, const std::string& path) {
  if (!value.is_string()) RefuseField(path, value, "text");
  return value.get<std::string>();
}

std::string ElementPath(const std::string& path, size_t i) {
  return fmt::format("{}[{}]", path, i);
}

}  // namespace

void RefuseField(const std::string& path, const json& value, const char* wanted) {
  constexpr size_t kShown = 40;
  std::string shown = value.is_structured()
                          ? std::string(value.type_name())
                          : value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (shown.size() > kShown) shown = shown.substr(0, kShown) + "...";
  throw BadRecord{fmt::format("field '{}' is {}, not {}", path, shown, wanted)};
}

Timestamp ParseRecordInstant(const json& value, const std::string& path) {
  const std::string text = ToText(value, path);
  const auto parsed = ParseTimestamp(text, TimeZone::Utc());
  if (!parsed) RefuseField(path, value, "a time");
  return *parsed;
}

json ParseRecordText(std::string_view text) {
  // Deeper nesting than any schema has would overflow the stack of whatever walks it.
  constexpr int kDeepest = 1000;
  return json::parse(text, [](int depth, json::parse_event_t, const json&) {
    if (depth > kDeepest) throw BadRecord{"it is nested too deeply"};
    return true;
  });
}

Error NotARecord(std::string_view name, std::string_view what) {
  return Error{ErrorKind::kCorrupt, fmt::format("{}: not a ledger record: {}", name, what),
               "put that object back from a backup or an older version of it"};
}

Error LaterFormat(std::string_view name, int64_t format, int known) {
  return Error{
      ErrorKind::kUnsupported,
      fmt::format("{}: written in format {}, this program knows format {}", name, format, known),
      "run the newer sluice that wrote it"};
}

RecordFields::RecordFields(const json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object()) RefuseField(where_, object, "an object");
}

std::string RecordFields::PathOf(const char* key) const {
  return where_.empty() ? std::string(key) : fmt::format("{}.{}", where_, key);
}

const json& RecordFields::At(const char* key) const {
  const auto found = object_.find(key);
  if (found == object_.end()) throw BadRecord{fmt::format("field '{}' is missing", PathOf(key))};
  return *found;
}

bool RecordFields::Has(const char* key) const {
  const auto found = object_.find(key);
  return found != object_.end() && !found->is_null();
}

RecordFields RecordFields::Object(const char* key) const { return {At(key), PathOf(key)}; }

std::vector<RecordFields> RecordFields::Objects(const char* key) const {
  const json& list = At(key);
  if (!list.is_array()) RefuseField(PathOf(key), list, "a list");
  std::vector<RecordFields> objects;
  objects.reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    objects.emplace_back(list[i], ElementPath(PathOf(key), i));
  }
  return objects;
}

std::string RecordFields::Text(const char* key) const { return ToText(At(key), PathOf(key)); }

std::string RecordFields::TextOr(const char* key, std::string otherwise) const {
  return Has(key) ? Text(key) : std::move(otherwise);
}

bool RecordFields::Flag(const char* key) const {
  const json& value = At(key);
  if (!value.is_boolean()) RefuseField(PathOf(key), value, "true or false");
  return value.get<bool>();
}

bool RecordFields::FlagOr(const char* key, bool otherwise) const {
  return Has(key) ? Flag(key) : otherwise;
}

int64_t RecordFields::Integer(const char* key) const { return ToInteger(At(key), PathOf(key)); }

int64_t RecordFields::Count(const char* key) const {
  const int64_t count = Integer(key);
  if (count < 0) RefuseField(PathOf(key), At(key), "a number from 0 on");
  return count;
}

std::vector<std::string> RecordFields::Texts(const char* key) const {
  const json& list = At(key);
  if (!list.is_array()) RefuseField(PathOf(key), list, "a list");
  std::vector<std::string> texts;
  for (size_t i = 0; i < list.size(); ++i) {
    texts.push_back(ToText(list[i], ElementPath(PathOf(key), i)));
  }
  return texts;
}

std::vector<int64_t> RecordFields::Numbers(const char* key) const {
  const json& list = At(key);
  if (!list.is_array()) RefuseField(PathOf(key), list, "a list");
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < list.size(); ++i) {
    numbers.push_back(ToInteger(list[i], ElementPath(PathOf(key), i)));
  }
  return numbers;
}

Timestamp RecordFields::Instant(const char* key) const {
  return ParseRecordInstant(At(key), PathOf(key));
}

std::optional<Timestamp> RecordFields::OptionalInstant(const char* key) const {
  const json& value = At(key);
  if (value.is_null()) return std::nullopt;
  return ParseRecordInstant(value, PathOf(key));
}

std::optional<Version> RecordFields::OptionalVersion(const char* key) const {
  if (At(key).is_null()) return std::nullopt;
  const int64_t version = Integer(key);
  if (version < -1) RefuseField(PathOf(key), At(key), "a version");
  return Version{version};
}

}  // namespace sluice::ledger
