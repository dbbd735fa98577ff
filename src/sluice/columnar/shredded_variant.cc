#include "sluice/columnar/shredded_variant.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/columnar/variant_writer.h"

namespace sluice::columnar {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Group = ShreddedVariant::Group;
using Kind = Annotation::Kind;
using Typed = Group::Typed;

constexpr std::string_view kValue = "value", kTypedValue = "typed_value", kMetadata = "metadata";
constexpr int kUuidBytes = 16, kMostDigits = 38;
// What the variants of a batch may take beside what they are made of. Names are in the metadata of each row already,
// so that honest ones hardly grow.
constexpr size_t kMostGrowth = 16, kGrowthOfSmall = size_t{1} << 20;

std::string Remedy(const std::string& path) {
  return fmt::format(
      "rewrite the file without shredding (delta.enableVariantShredding = false), "
      "or leave the column out: exclude: [{}]",
      path.substr(0, path.find('.')));
}

tl::unexpected<Error> Refuse(const std::string& path, const SchemaNode& node) {
  return Fail(
      Error{ErrorKind::kUnsupported,
            fmt::format("column '{}' is {} in the file, which a shredded variant does not have",
                        path, node.ToString()),
            Remedy(path)});
}

// ---- From the footer

struct Scalar {
  VariantPrimitive type = VariantPrimitive::kNull;
  std::shared_ptr<arrow::DataType> wanted;
};

std::optional<Scalar> ScalarOfInteger(const SchemaNode& node) {
  const Annotation& note = node.annotation;
  const int width = node.physical == PhysicalType::kInt32 ? 32 : 64;
  const auto plain = width == 32 ? arrow::int32() : arrow::int64();
  switch (note.kind) {
    case Kind::kNone:
      return Scalar{VariantPrimitive::kInt64, plain};
    case Kind::kInteger:
      if (!note.is_signed) return std::nullopt;
      if (note.bits == width) return Scalar{VariantPrimitive::kInt64, plain};
      if (width != 32) return std::nullopt;
      if (note.bits == 8) return Scalar{VariantPrimitive::kInt64, arrow::int8()};
      if (note.bits == 16) return Scalar{VariantPrimitive::kInt64, arrow::int16()};
      return std::nullopt;
    case Kind::kDate:
      if (width != 32) return std::nullopt;
      return Scalar{VariantPrimitive::kDate, arrow::date32()};
    default:
      return std::nullopt;
  }
}

std::optional<Scalar> ScalarOfTime(const Annotation& note) {
  const bool micros = note.unit == Annotation::Unit::kMicros;
  if (note.kind == Kind::kTime) {
    if (note.is_utc || !micros) return std::nullopt;
    return Scalar{VariantPrimitive::kTime, nullptr};
  }
  if (note.unit == Annotation::Unit::kNanos) {
    return Scalar{
        note.is_utc ? VariantPrimitive::kTimestampNanos : VariantPrimitive::kTimestampNtzNanos,
        nullptr};
  }
  if (!micros) return std::nullopt;
  return Scalar{note.is_utc ? VariantPrimitive::kTimestamp : VariantPrimitive::kTimestampNtz,
                arrow::timestamp(arrow::TimeUnit::MICRO, note.is_utc ? "UTC" : "")};
}

// The table "Shredded Value Types" of the format.
std::optional<Scalar> ScalarOf(const SchemaNode& node) {
  const Annotation& note = node.annotation;
  if (note.kind == Kind::kDecimal) {
    if (note.precision < 1 || note.precision > kMostDigits) return std::nullopt;
    if (note.scale < 0 || note.scale > note.precision) return std::nullopt;
    return Scalar{VariantPrimitive::kDecimal16, arrow::decimal128(note.precision, note.scale)};
  }
  const bool plain = note.kind == Kind::kNone;
  switch (node.physical) {
    case PhysicalType::kBoolean:
      if (plain) return Scalar{VariantPrimitive::kTrue, arrow::boolean()};
      break;
    case PhysicalType::kInt64:
      if (note.kind == Kind::kTime || note.kind == Kind::kTimestamp) return ScalarOfTime(note);
      return ScalarOfInteger(node);
    case PhysicalType::kInt32:
      return ScalarOfInteger(node);
    case PhysicalType::kFloat:
      if (plain) return Scalar{VariantPrimitive::kFloat, arrow::float32()};
      break;
    case PhysicalType::kDouble:
      if (plain) return Scalar{VariantPrimitive::kDouble, arrow::float64()};
      break;
    case PhysicalType::kByteArray:
      if (plain) return Scalar{VariantPrimitive::kBinary, arrow::binary()};
      if (note.kind == Kind::kString) return Scalar{VariantPrimitive::kString, arrow::utf8()};
      break;
    case PhysicalType::kFixedLengthByteArray:
      if (note.kind == Kind::kUuid && node.fixed_length == kUuidBytes) {
        return Scalar{VariantPrimitive::kUuid, arrow::binary()};
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

class Planner {
 public:
  explicit Planner(const FileCalendar& calendar) : calendar_(calendar) {}

  // `metadata`: where the column's own is put; null for parts, which have none.
  Result<Group> PlanGroup(const SchemaNode& node, const std::string& path, int* metadata) const {
    Group group;
    group.path = path;
    if (node.physical != PhysicalType::kGroup || node.repetition == Repetition::kRepeated ||
        node.annotation.kind == Kind::kList || node.annotation.kind == Kind::kMap) {
      return Refuse(path, node);
    }
    for (size_t i = 0; i < node.children.size(); ++i) {
      const SchemaNode& child = node.children[i];
      int* const place = child.name == kValue                             ? &group.value
                         : child.name == kTypedValue                      ? &group.typed
                         : child.name == kMetadata && metadata != nullptr ? metadata
                                                                          : nullptr;
      const std::string child_path = fmt::format("{}.{}", path, child.name);
      if (place == nullptr || *place >= 0) return Refuse(child_path, child);
      *place = static_cast<int>(i);
      if (place == &group.typed) {
        SLUICE_RETURN_IF_ERROR(PlanTyped(child, child_path, group));
      } else if (child.physical != PhysicalType::kByteArray ||
                 child.repetition == Repetition::kRepeated) {
        return Refuse(child_path, child);
      }
    }
    if (metadata != nullptr && *metadata < 0) return Refuse(path, node);
    return group;
  }

 private:
  Status PlanTyped(const SchemaNode& node, const std::string& path, Group& group) const {
    if (node.repetition == Repetition::kRepeated) return Refuse(path, node);
    if (node.physical != PhysicalType::kGroup) return PlanScalar(node, path, group);
    if (node.annotation.kind == Kind::kList) return PlanArray(node, path, group);
    if (node.annotation.kind == Kind::kMap) return Refuse(path, node);
    group.kind = Typed::kObject;
    for (const SchemaNode& child : node.children) {
      SLUICE_ASSIGN_OR_RETURN(auto part,
                              PlanGroup(child, fmt::format("{}.{}", path, child.name), nullptr));
      group.names.push_back(child.name);
      group.parts.push_back(std::move(part));
    }
    group.all_names = {group.names.begin(), group.names.end()};
    return {};
  }

  Status PlanScalar(const SchemaNode& node, const std::string& path, Group& group) const {
    group.kind = Typed::kScalar;
    const auto scalar = ScalarOf(node);
    if (!scalar) return Refuse(path, node);
    group.scalar = scalar->type;
    group.leaf = {node.physical, node.annotation, scalar->wanted, path, calendar_};
    if (scalar->wanted != nullptr && !CanReadLeaf(group.leaf)) return Refuse(path, node);
    return {};
  }

  Status PlanArray(const SchemaNode& node, const std::string& path, Group& group) const {
    group.kind = Typed::kArray;
    if (node.children.size() != 1) return Refuse(path, node);
    const SchemaNode& repeated = node.children.front();
    if (repeated.repetition != Repetition::kRepeated || repeated.children.size() != 1) {
      return Refuse(path, node);
    }
    SLUICE_ASSIGN_OR_RETURN(auto element,
                            PlanGroup(repeated.children.front(), path + ".element", nullptr));
    group.parts.push_back(std::move(element));
    return {};
  }

  const FileCalendar& calendar_;
};

// ---- From a batch

// The arrays of one group in a batch. Row i of an object's fields is row i of the object.
struct Columns {
  const Group* group = nullptr;
  ArrayPtr self;
  std::shared_ptr<arrow::BinaryArray> value;  // null where the file has none
  ArrayPtr typed;                             // null where the file has none
  std::shared_ptr<arrow::ListArray> list;     // kArray: what is in `typed`
  std::vector<Columns> parts;

  bool HasValue(int64_t row) const { return value != nullptr && value->IsValid(row); }
  bool HasTyped(int64_t row) const { return typed != nullptr && typed->IsValid(row); }
};

tl::unexpected<Error> Damaged(const std::string& path) {
  return Fail(ErrorKind::kCorrupt, "column '{}' can't be decoded as its footer announces", path);
}

// `array` as a T, which has the type `id`.
template <typename T>
Result<std::shared_ptr<T>> As(const ArrayPtr& array, arrow::Type::type id,
                              const std::string& path) {
  if (array->type_id() != id) return Damaged(path);
  return std::static_pointer_cast<T>(array);
}

Result<ArrayPtr> ChildOf(const arrow::StructArray& parent, int i, const std::string& path) {
  if (i >= parent.num_fields()) return Damaged(path);
  return parent.field(i);
}

Result<Columns> ColumnsOf(const Group& group, const ArrayPtr& stored);

Status BindTyped(const Group& group, const ArrayPtr& stored, Columns& columns) {
  if (group.kind == Typed::kScalar) {
    if (group.leaf.wanted == nullptr) {
      if (stored->type_id() != arrow::Type::INT64) return Damaged(group.path);
      columns.typed = stored;
      return {};
    }
    SLUICE_ASSIGN_OR_RETURN(columns.typed, ConvertLeaf(group.leaf, stored));
    return {};
  }
  SLUICE_ASSIGN_OR_RETURN(const auto outer,
                          As<arrow::StructArray>(stored, arrow::Type::STRUCT, group.path));
  if (group.kind == Typed::kObject) {
    columns.typed = outer;
    for (size_t i = 0; i < group.parts.size(); ++i) {
      SLUICE_ASSIGN_OR_RETURN(const auto field, ChildOf(*outer, static_cast<int>(i), group.path));
      SLUICE_ASSIGN_OR_RETURN(auto part, ColumnsOf(group.parts[i], field));
      columns.parts.push_back(std::move(part));
    }
    return {};
  }
  // The annotated group, the repeated one, and the element's.
  SLUICE_ASSIGN_OR_RETURN(const auto inner, ChildOf(*outer, 0, group.path));
  SLUICE_ASSIGN_OR_RETURN(const auto list,
                          As<arrow::ListArray>(inner, arrow::Type::LIST, group.path));
  SLUICE_ASSIGN_OR_RETURN(const auto entries,
                          As<arrow::StructArray>(list->values(), arrow::Type::STRUCT, group.path));
  SLUICE_ASSIGN_OR_RETURN(const auto element, ChildOf(*entries, 0, group.path));
  SLUICE_ASSIGN_OR_RETURN(auto part, ColumnsOf(group.parts.front(), element));
  columns.parts.push_back(std::move(part));
  columns.typed = outer;
  columns.list = list;
  return {};
}

Result<Columns> ColumnsOf(const Group& group, const ArrayPtr& stored) {
  Columns columns;
  columns.group = &group;
  SLUICE_ASSIGN_OR_RETURN(columns.self,
                          As<arrow::StructArray>(stored, arrow::Type::STRUCT, group.path));
  const auto& self = static_cast<const arrow::StructArray&>(*columns.self);
  if (group.value >= 0) {
    SLUICE_ASSIGN_OR_RETURN(const auto value, ChildOf(self, group.value, group.path));
    SLUICE_ASSIGN_OR_RETURN(columns.value,
                            As<arrow::BinaryArray>(value, arrow::Type::BINARY, group.path));
  }
  if (group.typed >= 0) {
    SLUICE_ASSIGN_OR_RETURN(const auto typed, ChildOf(self, group.typed, group.path));
    SLUICE_RETURN_IF_ERROR(BindTyped(group, typed, columns));
  }
  return columns;
}

// Puts the rows of a batch together, one by one.
class Rebuilder {
 public:
  explicit Rebuilder(size_t most_bytes) : left_(most_bytes) {}

  // The variant of `row`, whose group is there.
  Status Rebuild(const Columns& column, std::string_view metadata, int64_t row) {
    auto names = VariantDictionary::Parse(metadata);
    if (!names) return Fail(Named(column, std::move(names).error()));
    names_ = *names;
    most_ = std::min(left_, kMostVariantBytes);
    writer_.Clear(most_);
    SLUICE_RETURN_IF_ERROR(Add(column, row));
    writer_.Finish(value_, metadata_);
    if (value_.size() + metadata_.size() > left_) return TooMuch(column);
    left_ -= value_.size() + metadata_.size();
    return {};
  }

  const std::string& value() const { return value_; }
  const std::string& metadata() const { return metadata_; }

 private:
  static Error Named(const Columns& column, Error error) {
    error.message = fmt::format("column '{}': {}", column.group->path, error.message);
    error.remedy = Remedy(column.group->path);
    return error;
  }

  tl::unexpected<Error> TooMuch(const Columns& column) const {
    return Fail(
        Named(column, Error{ErrorKind::kCorrupt,
                            fmt::format("a variant, or those of some rows, take more than {} "
                                        "bytes, many times what the file holds of them",
                                        most_),
                            {}}));
  }

  static tl::unexpected<Error> Conflict(const Columns& column, std::string_view what) {
    return Fail(Named(column, Error{ErrorKind::kCorrupt, std::string(what), {}}));
  }

  Status Add(const Columns& column, int64_t row) {
    if (writer_.is_full()) return TooMuch(column);
    const bool has_value = column.HasValue(row);
    if (column.HasTyped(row)) {
      if (column.group->kind == Typed::kObject) return AddObject(column, row);
      if (has_value) {
        return Conflict(column, "a variant has a value beside a typed one, and is not an object");
      }
      if (column.group->kind == Typed::kArray) return AddArray(column, row);
      AddScalar(*column.group, *column.typed, row);
      return {};
    }
    if (!has_value) {
      writer_.AddNull();
      return {};
    }
    auto added = writer_.AddValue(column.value->GetView(row), names_);
    if (!added) return Fail(Named(column, std::move(added).error()));
    return {};
  }

  Status AddArray(const Columns& column, int64_t row) {
    const Columns& elements = column.parts.front();
    writer_.BeginArray();
    for (int64_t i = column.list->value_offset(row); i < column.list->value_offset(row + 1); ++i) {
      writer_.BeginElement();
      SLUICE_RETURN_IF_ERROR(Add(elements, i));
    }
    writer_.EndArray();
    return {};
  }

  Status AddObject(const Columns& column, int64_t row) {
    writer_.BeginObject();
    for (size_t i = 0; i < column.parts.size(); ++i) {
      const Columns& field = column.parts[i];
      if (field.self->IsNull(row) || !(field.HasTyped(row) || field.HasValue(row))) continue;
      writer_.BeginField(column.group->names[i]);
      SLUICE_RETURN_IF_ERROR(Add(field, row));
    }
    if (column.HasValue(row)) {
      auto added = AddLeftOver(column, column.value->GetView(row));
      if (!added) return Fail(Named(column, std::move(added).error()));
    }
    auto ended = writer_.EndObject();
    if (!ended) return Fail(Named(column, std::move(ended).error()));
    return {};
  }

  // The fields that have no columns of their own.
  Status AddLeftOver(const Columns& column, std::string_view value) {
    if (value.empty() || BasicTypeOf(value) != VariantBasic::kObject) {
      return Fail(ErrorKind::kCorrupt,
                  "a variant that is not an object has typed fields beside its value");
    }
    SLUICE_ASSIGN_OR_RETURN(const VariantParts parts, VariantParts::Parse(value));
    for (uint32_t i = 0; i < parts.size(); ++i) {
      SLUICE_ASSIGN_OR_RETURN(const std::string_view name, names_.Name(parts.NameId(i)));
      if (column.group->all_names.contains(name)) {
        return Fail(ErrorKind::kCorrupt,
                    "a variant has field '{}' in its value, which has a column of its own", name);
      }
      writer_.BeginField(name);
      SLUICE_ASSIGN_OR_RETURN(const std::string_view part, parts.Part(i));
      SLUICE_RETURN_IF_ERROR(writer_.AddValue(part, names_));
    }
    return {};
  }

  void AddScalar(const Group& group, const arrow::Array& typed, int64_t row);

  size_t left_;
  size_t most_ = 0;
  VariantDictionary names_;
  VariantWriter writer_;
  std::string value_, metadata_;
};

template <typename Array>
auto ValueAt(const arrow::Array& array, int64_t row) {
  return static_cast<const Array&>(array).GetView(row);
}

int64_t IntegerAt(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::INT8:
      return ValueAt<arrow::Int8Array>(array, row);
    case arrow::Type::INT16:
      return ValueAt<arrow::Int16Array>(array, row);
    case arrow::Type::INT32:
      return ValueAt<arrow::Int32Array>(array, row);
    case arrow::Type::TIMESTAMP:
      return ValueAt<arrow::TimestampArray>(array, row);
    default:
      return ValueAt<arrow::Int64Array>(array, row);
  }
}

void Rebuilder::AddScalar(const Group& group, const arrow::Array& typed, int64_t row) {
  switch (group.scalar) {
    case VariantPrimitive::kTrue:
      return writer_.AddBoolean(ValueAt<arrow::BooleanArray>(typed, row));
    case VariantPrimitive::kInt64:
      return writer_.AddInteger(IntegerAt(typed, row));
    case VariantPrimitive::kFloat:
      return writer_.AddFloat(ValueAt<arrow::FloatArray>(typed, row));
    case VariantPrimitive::kDouble:
      return writer_.AddDouble(ValueAt<arrow::DoubleArray>(typed, row));
    case VariantPrimitive::kDecimal16: {
      const auto& decimals = static_cast<const arrow::Decimal128Array&>(typed);
      return writer_.AddDecimal(arrow::Decimal128(decimals.GetValue(row)),
                                static_cast<const arrow::DecimalType&>(*typed.type()).scale());
    }
    case VariantPrimitive::kDate:
      return writer_.AddDate(ValueAt<arrow::Date32Array>(typed, row));
    case VariantPrimitive::kString:
      return writer_.AddString(ValueAt<arrow::StringArray>(typed, row));
    case VariantPrimitive::kBinary:
      return writer_.AddBinary(ValueAt<arrow::BinaryArray>(typed, row));
    case VariantPrimitive::kUuid:
      return writer_.AddUuid(ValueAt<arrow::BinaryArray>(typed, row));
    default:
      return writer_.AddTime(group.scalar, IntegerAt(typed, row));
  }
}

}  // namespace

bool ShreddedVariant::Is(const SchemaNode& node) {
  return std::any_of(node.children.begin(), node.children.end(),
                     [](const SchemaNode& child) { return child.name == kTypedValue; });
}

Result<ShreddedVariant> ShreddedVariant::Make(const SchemaNode& node, const std::string& column,
                                              const FileCalendar& calendar) {
  ShreddedVariant variant;
  SLUICE_ASSIGN_OR_RETURN(auto root, Planner(calendar).PlanGroup(node, column, &variant.metadata_));
  variant.root_ = std::make_shared<const Group>(std::move(root));
  return variant;
}

Result<ArrayPtr> ShreddedVariant::Build(const ArrayPtr& stored,
                                        const std::shared_ptr<arrow::DataType>& type) const {
  const std::string& path = root_->path;
  SLUICE_ASSIGN_OR_RETURN(const Columns columns, ColumnsOf(*root_, stored));
  SLUICE_ASSIGN_OR_RETURN(
      const auto metadata_child,
      ChildOf(static_cast<const arrow::StructArray&>(*stored), metadata_, path));
  SLUICE_ASSIGN_OR_RETURN(const auto metadata,
                          As<arrow::BinaryArray>(metadata_child, arrow::Type::BINARY, path));
  SLUICE_ARROW_ASSIGN(const int64_t decoded, arrow::util::ReferencedBufferSize(*stored), path);
  Rebuilder rebuilder(static_cast<size_t>(decoded) * kMostGrowth + kGrowthOfSmall);
  arrow::BinaryBuilder values, dictionaries;
  for (int64_t row = 0; row < stored->length(); ++row) {
    if (stored->IsNull(row)) {
      SLUICE_ARROW_RETURN(values.AppendEmptyValue(), path);
      SLUICE_ARROW_RETURN(dictionaries.AppendEmptyValue(), path);
      continue;
    }
    if (metadata->IsNull(row)) {
      return Fail(Error{ErrorKind::kCorrupt,
                        fmt::format("column '{}' holds a variant without metadata", path),
                        Remedy(path)});
    }
    SLUICE_RETURN_IF_ERROR(rebuilder.Rebuild(columns, metadata->GetView(row), row));
    SLUICE_ARROW_RETURN(values.Append(rebuilder.value()), path);
    SLUICE_ARROW_RETURN(dictionaries.Append(rebuilder.metadata()), path);
  }
  arrow::ArrayDataVector parts(2);
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_value = type->field(static_cast<int>(i))->name() == kValue;
    SLUICE_ARROW_ASSIGN(const ArrayPtr part, (is_value ? values : dictionaries).Finish(), path);
    parts[i] = part->data();
  }
  SLUICE_ASSIGN_OR_RETURN(auto validity, ValidityOf(*stored));
  return arrow::MakeArray(arrow::ArrayData::Make(type, stored->length(), {std::move(validity)},
                                                 std::move(parts), stored->null_count()));
}

}  // namespace sluice::columnar
