#include "sluice/delta/schema/type_changes.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "sluice/delta/schema/json_object.h"
#include "sluice/delta/schema/wrong_metadata.h"

namespace sluice::delta {
namespace {

constexpr std::string_view kTypeChanges = "delta.typeChanges";

// How many digits before the point an integer type may have as a decimal.
std::optional<int> IntegerDigits(TypeId id) {
  switch (id) {
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInteger:
      return 10;
    case TypeId::kLong:
      return 20;
    default:
      return std::nullopt;
  }
}

int Width(TypeId id) {
  switch (id) {
    case TypeId::kByte:
      return 1;
    case TypeId::kShort:
      return 2;
    case TypeId::kInteger:
      return 4;
    case TypeId::kLong:
      return 8;
    default:
      return 0;
  }
}

// The list of "Supported Type Changes".
bool IsWidening(const DataType& from, const DataType& to) {
  if (from == to) return true;
  if (Width(from.id) > 0 && Width(to.id) > 0) return Width(from.id) < Width(to.id);
  if (to.id == TypeId::kDecimal) {
    const int digits = to.precision - to.scale;
    if (const auto due = IntegerDigits(from.id)) return digits >= *due;
    return from.id == TypeId::kDecimal && to.scale >= from.scale &&
           digits >= from.precision - from.scale;
  }
  if (to.id == TypeId::kDouble) {
    return from.id == TypeId::kFloat || (Width(from.id) > 0 && from.id != TypeId::kLong);
  }
  return from.id == TypeId::kDate && to.id == TypeId::kTimestampNtz;
}

Result<DataType> ChangedType(const JsonObject& change, std::string_view key) {
  SLUICE_ASSIGN_OR_RETURN(const std::string name, change.RequiredString(key));
  return ParsePrimitiveType(name);
}

Status CheckField(const Field& field, const std::string& path, JsonParser& parser) {
  SLUICE_ASSIGN_OR_RETURN(const auto document, parser.Parse(field.metadata_json, "metadata"));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject metadata, JsonObject::From(document, "metadata"));
  const auto changes = metadata.Get(kTypeChanges);
  if (!changes) return {};
  simdjson::dom::array list;
  if (changes->get(list) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kCorrupt, "column '{}': {} is not a list", path, kTypeChanges);
  }
  for (const auto entry : list) {
    SLUICE_ASSIGN_OR_RETURN(const JsonObject change, JsonObject::From(entry, kTypeChanges));
    SLUICE_ASSIGN_OR_RETURN(const DataType from, ChangedType(change, "fromType"));
    SLUICE_ASSIGN_OR_RETURN(const DataType to, ChangedType(change, "toType"));
    if (IsWidening(from, to)) continue;
    SLUICE_ASSIGN_OR_RETURN(const auto part, change.String("fieldPath"));
    return Fail(
        Error{ErrorKind::kUnsupported,
              fmt::format("column '{}' was changed from {} to {}, which Delta's type "
                          "widening does not allow",
                          part ? path + "." + *part : path, from.ToString(), to.ToString()),
              fmt::format("leave the column out: exclude: [{}]", path.substr(0, path.find('.')))});
  }
  return {};
}

Status CheckFields(const std::vector<Field>& fields, const std::string& parent,
                   JsonParser& parser) {
  for (const Field& field : fields) {
    const std::string path = parent.empty() ? field.name : parent + "." + field.name;
    if (field.metadata_json.find(kTypeChanges) != std::string::npos) {
      if (auto checked = CheckField(field, path, parser); !checked) {
        Error error = std::move(checked).error();
        if (error.remedy.empty()) error.remedy = kWrongMetadataRemedy;
        return Fail(std::move(error));
      }
    }
    SLUICE_RETURN_IF_ERROR(CheckFields(field.type.fields, path, parser));
  }
  return {};
}

}  // namespace

Status CheckTypeChanges(const TableSchema& schema) {
  JsonParser parser;
  return CheckFields(schema.fields, "", parser);
}

}  // namespace sluice::delta
