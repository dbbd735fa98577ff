#include "sluice/delta/schema/char_padding.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/schema/json_object.h"

namespace sluice::delta {
namespace {

constexpr std::string_view kTypeKey = "__CHAR_VARCHAR_TYPE_STRING";

// The note: a type as Spark spells it, CHAR(n) included, which `type` has as strings.
class TypeNote {
 public:
  explicit TypeNote(std::string_view text) : text_(text) {}

  /// False where the text does not go with `type`.
  bool Read(const DataType& type, CharLengths& out) {
    switch (type.id) {
      case TypeId::kString:
        return ReadString(out);
      case TypeId::kStruct:
        return ReadParts("struct<", type, /*named=*/true, out);
      case TypeId::kArray:
        return ReadParts("array<", type, /*named=*/false, out);
      case TypeId::kMap:
        return ReadParts("map<", type, /*named=*/false, out);
      default:
        SkipPrimitive();
        return true;
    }
  }
  bool at_end() const { return text_.empty(); }

 private:
  bool Take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  void SkipPrimitive() {
    int depth = 0;
    while (!text_.empty() && (depth > 0 || (text_[0] != ',' && text_[0] != '>'))) {
      depth += text_[0] == '(' ? 1 : text_[0] == ')' ? -1 : 0;
      text_.remove_prefix(1);
    }
  }

  bool ReadString(CharLengths& out) {
    if (!Take("char(")) {
      SkipPrimitive();
      return true;
    }
    const auto read = std::from_chars(text_.data(), text_.data() + text_.size(), out.length);
    text_.remove_prefix(static_cast<size_t>(read.ptr - text_.data()));
    return out.length > 0 && Take(")");
  }

  bool ReadParts(std::string_view opening, const DataType& type, bool named, CharLengths& out) {
    if (!Take(opening)) return false;
    bool any = false;
    for (size_t i = 0; i < type.fields.size(); ++i) {
      if (i > 0 && !Take(",")) return false;
      if (named && !(Take(type.fields[i].name) && Take(":"))) return false;
      if (!Read(type.fields[i].type, out.parts.emplace_back())) return false;
      any = any || out.parts.back().any();
    }
    if (!any) out.parts.clear();
    return Take(">");
  }

  std::string_view text_;
};

std::string NoteOf(const Field& column) {
  if (column.metadata_json.find(kTypeKey) == std::string::npos) return {};
  JsonParser parser;
  const auto root = parser.Parse(column.metadata_json, column.name);
  if (!root) return {};
  const auto metadata = JsonObject::From(*root, column.name);
  if (!metadata) return {};
  return metadata->String(kTypeKey).value_or(std::nullopt).value_or("");
}

bool SpeaksOfChar(std::string_view note) {
  constexpr std::string_view kChar = "char(", kVarchar = "varchar(";
  for (size_t at = note.find(kChar); at != std::string_view::npos; at = note.find(kChar, at + 1)) {
    const size_t prefix = kVarchar.size() - kChar.size();
    if (at < prefix || note.substr(at - prefix, kVarchar.size()) != kVarchar) return true;
  }
  return false;
}

Result<std::shared_ptr<arrow::Array>> PadStrings(const arrow::StringArray& values, int64_t length) {
  arrow::StringBuilder padded;
  std::string text;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) {
      SLUICE_ARROW_RETURN(padded.AppendNull(), "CHAR column");
      continue;
    }
    text = values.GetView(row);
    text.append(static_cast<size_t>(std::max<int64_t>(length - CountCharacters(text), 0)), ' ');
    SLUICE_ARROW_RETURN(padded.Append(text), "CHAR column");
  }
  SLUICE_ARROW_ASSIGN(auto array, padded.Finish(), "CHAR column");
  return array;
}

}  // namespace

int64_t CountCharacters(std::string_view text) {
  // Whatever does not go on with an earlier character begins one.
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

TextLimit TextLimitOf(const Field& column) {
  const std::string note = NoteOf(column);
  std::string_view text = note;
  TextLimit limit;
  limit.padded = text.starts_with("char(");
  if (!limit.padded && !text.starts_with("varchar(")) return {};
  text.remove_prefix(text.find('(') + 1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), limit.characters);
  return read.ec == std::errc() && limit.characters > 0 ? limit : TextLimit();
}

Result<CharLengths> ReadCharLengths(const Field& column) {
  const std::string note = NoteOf(column);
  CharLengths lengths;
  if (!SpeaksOfChar(note)) return lengths;
  TypeNote reader(note);
  if (reader.Read(column.type, lengths) && reader.at_end()) return lengths;
  return Fail(ErrorKind::kUnsupported,
              "column '{}' is {} in the schema and {} by the note in its metadata", column.name,
              column.type.ToString(), note);
}

Result<std::shared_ptr<arrow::Array>> PadChars(const std::shared_ptr<arrow::Array>& values,
                                               const CharLengths& lengths) {
  if (lengths.length > 0) {
    return PadStrings(static_cast<const arrow::StringArray&>(*values), lengths.length);
  }
  if (lengths.parts.empty()) return values;
  auto data = values->data()->Copy();
  if (values->type_id() == arrow::Type::MAP) {
    SLUICE_ASSIGN_OR_RETURN(const auto entries,
                            PadChars(arrow::MakeArray(data->child_data.at(0)), lengths));
    data->child_data[0] = entries->data();
    return arrow::MakeArray(data);
  }
  for (size_t i = 0; i < lengths.parts.size(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(const auto part,
                            PadChars(arrow::MakeArray(data->child_data.at(i)), lengths.parts[i]));
    data->child_data[i] = part->data();
  }
  return arrow::MakeArray(data);
}

}  // namespace sluice::delta
