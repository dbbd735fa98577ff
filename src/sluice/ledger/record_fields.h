#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"

/// Reads the fields of a record that anybody may have edited. Each wrong field ends in a BadRecord that
/// names it; nothing here converts one type into another.
namespace sluice::ledger {

/// Thrown inside parsers of records only, and caught where they begin.
struct BadRecord {
  std::string what;
};

/// One JSON object of a record. Borrows it.
class RecordFields {
 public:
  /// `where`: the path of the object in its record, "" for the record itself.
  RecordFields(const nlohmann::json& object, std::string where);

  /// True where the field stands there and is not null.
  bool Has(const char* key) const;
  RecordFields Object(const char* key) const;
  std::vector<RecordFields> Objects(const char* key) const;

  std::string Text(const char* key) const;
  std::string TextOr(const char* key, std::string otherwise) const;
  bool Flag(const char* key) const;
  bool FlagOr(const char* key, bool otherwise) const;
  /// A number of something: never negative.
  int64_t Count(const char* key) const;
  int64_t Integer(const char* key) const;
  std::vector<std::string> Texts(const char* key) const;
  std::vector<int64_t> Numbers(const char* key) const;

  Timestamp Instant(const char* key) const;
  std::optional<Timestamp> OptionalInstant(const char* key) const;
  std::optional<Version> OptionalVersion(const char* key) const;

  /// The field as it stands; missing ones are refused.
  const nlohmann::json& At(const char* key) const;
  /// "files[2].size", for messages.
  std::string PathOf(const char* key) const;

 private:
  const nlohmann::json& object_;
  std::string where_;
};

/// Says that the field at `path` holds `value`, where `wanted` was expected.
[[noreturn]] void RefuseField(const std::string& path, const nlohmann::json& value,
                              const char* wanted);

/// An instant, from JSON that is known to be text.
Timestamp ParseRecordInstant(const nlohmann::json& value, const std::string& path);

/// The JSON value of a record's text; a BadRecord or a json::exception if it is not valid.
nlohmann::json ParseRecordText(std::string_view text);

/// kCorrupt, naming the record and what is wrong with it.
Error NotARecord(std::string_view name, std::string_view what);
Error LaterFormat(std::string_view name, int64_t format, int known);

/// Runs `read` on the fields of `text` and turns every way of being wrong into an Error.
template <typename T, typename Read>
Result<T> ParseRecord(std::string_view text, std::string_view name, int known_format, Read&& read) {
  try {
    const nlohmann::json value = ParseRecordText(text);
    const RecordFields fields(value, "");
    const int64_t format = fields.Count("format");
    if (format > known_format) return Fail(LaterFormat(name, format, known_format));
    return read(fields);
  } catch (const nlohmann::json::exception& e) {
    return Fail(NotARecord(name, e.what()));
  } catch (const BadRecord& e) {
    return Fail(NotARecord(name, e.what));
  }
}

}  // namespace sluice::ledger
