#include "sluice/delta/schema/char_padding.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>

#include <algorithm>
#include <charconv>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/schema/json_object.h"

namespace sluice::delta {
namespace {

constexpr std::string_view kTypeKey = "__CHAR_VARCHAR_TYPE_STRING";

// Characters, not bytes: whatever does not go on with an earlier one begins one.
int64_t Characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace

int64_t CharLength(const Field& field) {
  if (field.type.id != TypeId::kString || field.metadata_json.find(kTypeKey) == std::string::npos) {
    return 0;
  }
  JsonParser parser;
  const auto root = parser.Parse(field.metadata_json, field.name);
  if (!root) return 0;
  const auto metadata = JsonObject::From(*root, field.name);
  if (!metadata) return 0;
  const std::string type = metadata->String(kTypeKey).value_or(std::nullopt).value_or("");
  constexpr std::string_view kChar = "char(";
  if (!type.starts_with(kChar)) return 0;
  int64_t length = 0;
  std::from_chars(type.data() + kChar.size(), type.data() + type.size(), length);
  return length;
}

Result<std::shared_ptr<arrow::Array>> PadChars(const std::shared_ptr<arrow::Array>& strings,
                                               int64_t length) {
  const auto& values = static_cast<const arrow::StringArray&>(*strings);
  arrow::StringBuilder padded;
  std::string text;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) {
      SLUICE_ARROW_RETURN(padded.AppendNull(), "CHAR column");
      continue;
    }
    text = values.GetView(row);
    text.append(static_cast<size_t>(std::max<int64_t>(length - Characters(text), 0)), ' ');
    SLUICE_ARROW_RETURN(padded.Append(text), "CHAR column");
  }
  SLUICE_ARROW_ASSIGN(auto array, padded.Finish(), "CHAR column");
  return array;
}

}  // namespace sluice::delta
