#pragma once

#include <simdjson.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::delta {

/// A JSON object of the log with the checks that every field needs: a missing or null field is
/// nullopt, a field of another type is kCorrupt, named "<context>.<field>". Borrows the parser's
/// document; `context` must outlive it.
class JsonObject {
 public:
  /// kCorrupt if `element` is not an object.
  static Result<JsonObject> From(simdjson::dom::element element, std::string_view context);

  Result<std::optional<std::string>> String(std::string_view key) const;
  Result<std::optional<int64_t>> Int64(std::string_view key) const;
  Result<std::optional<bool>> Bool(std::string_view key) const;
  /// Values as strings: text as it is, null as nullopt, anything else as its JSON.
  Result<std::optional<std::map<std::string, std::optional<std::string>>>> StringMap(
      std::string_view key) const;
  Result<std::vector<std::string>> StringList(std::string_view key) const;
  std::optional<simdjson::dom::element> Get(std::string_view key) const;

  Result<std::string> RequiredString(std::string_view key) const;
  Result<int64_t> RequiredInt64(std::string_view key) const;

 private:
  JsonObject(simdjson::dom::object object, std::string_view context)
      : object_(object), context_(context) {}
  tl::unexpected<Error> WrongType(std::string_view key, std::string_view wanted) const;
  tl::unexpected<Error> Missing(std::string_view key) const;

  simdjson::dom::object object_;
  std::string_view context_;
};

/// Parses JSON documents one after the other, reusing memory. Numbers beyond 64 bits are read as
/// floating point, as Spark's parser does where nobody looks at them. Not thread-safe; the element
/// lives until the next call.
class JsonParser {
 public:
  /// kCorrupt, with simdjson's reason, unless `text` is one well-formed JSON document.
  Result<simdjson::dom::element> Parse(std::string_view text, std::string_view context);

  /// The same for a document in which other writers left what JSON does not allow: unquoted NaN and Infinity
  /// (read as null), halves of surrogate pairs and bytes that are not UTF-8 (U+FFFD), raw control characters.
  /// `mended` becomes true where text was replaced, so that what is needed can be refused.
  Result<simdjson::dom::element> ParseLenient(std::string_view text, std::string_view context,
                                              bool& mended);

 private:
  simdjson::dom::parser parser_;
  std::string buffer_;
};

}  // namespace sluice::delta
