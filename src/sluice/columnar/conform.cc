#include "sluice/columnar/conform.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>
#include <strings.h>

#include "sluice/columnar/arrow_io.h"

namespace sluice::columnar {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

tl::unexpected<Error> CannotBecome(const arrow::DataType& from, const arrow::DataType& to,
                                   std::string_view column) {
  return Fail(ErrorKind::kUnsupported, "column '{}' is {} in the file and {} in the table", column,
              from.ToString(), to.ToString());
}

/// The child of that name: exact spelling first, then without case; -1 if there is none.
int FindChild(const arrow::StructType& type, const std::string& name) {
  int without_case = -1;
  for (int i = 0; i < type.num_fields(); ++i) {
    const std::string& candidate = type.field(i)->name();
    if (candidate == name) return i;
    if (without_case < 0 && strcasecmp(candidate.c_str(), name.c_str()) == 0) without_case = i;
  }
  return without_case;
}

Result<ArrayPtr> ConformStruct(const ArrayPtr& array, const TypePtr& wanted,
                               std::string_view column) {
  const auto& from = static_cast<const arrow::StructArray&>(*array);
  const auto& from_type = static_cast<const arrow::StructType&>(*array->type());
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (const auto& field : wanted->fields()) {
    const std::string path = fmt::format("{}.{}", column, field->name());
    const int i = FindChild(from_type, field->name());
    ArrayPtr child;
    if (i < 0) {
      SLUICE_ARROW_ASSIGN(child, arrow::MakeArrayOfNull(field->type(), array->length()), path);
    } else {
      SLUICE_ASSIGN_OR_RETURN(child, Conform(from.field(i), field->type(), path));
    }
    children.push_back(child->data());
  }
  ArrayPtr flat = array;
  if (array->offset() != 0) {
    // StructArray::field() takes the offset into its children; the validity bitmap must follow.
    SLUICE_ARROW_ASSIGN(flat, arrow::Concatenate({array}), column);
  }
  auto data = arrow::ArrayData::Make(wanted, flat->length(), {flat->data()->buffers[0]},
                                     std::move(children), flat->null_count(), flat->offset());
  return arrow::MakeArray(data);
}

/// Lists and maps share their layout: offsets, and one child whose type may have to change.
Result<ArrayPtr> ConformList(const ArrayPtr& array, const TypePtr& wanted,
                             std::string_view column) {
  const auto& data = array->data();
  const TypePtr child_type = wanted->field(0)->type();
  SLUICE_ASSIGN_OR_RETURN(const ArrayPtr child,
                          Conform(arrow::MakeArray(data->child_data[0]), child_type,
                                  fmt::format("{}.{}", column, wanted->field(0)->name())));
  auto changed = arrow::ArrayData::Make(wanted, data->length, data->buffers, {child->data()},
                                        data->null_count, data->offset);
  return arrow::MakeArray(changed);
}

/// Writers that leave an Arrow schema in the file (delta-rs) make the reader bring lists and strings in
/// the layouts that the writer had in memory.
bool IsOtherList(arrow::Type::type id) {
  return id == arrow::Type::LARGE_LIST || id == arrow::Type::FIXED_SIZE_LIST;
}

bool IsBytes(arrow::Type::type id) {
  return arrow::is_base_binary_like(id) || arrow::is_binary_view_like(id);
}

bool IsDecimal(arrow::Type::type id) {
  return id == arrow::Type::DECIMAL32 || id == arrow::Type::DECIMAL64 ||
         id == arrow::Type::DECIMAL128 || id == arrow::Type::DECIMAL256;
}

/// Casts that keep every value, or fail where one would be lost.
bool MayCast(const arrow::DataType& from, const arrow::DataType& to) {
  const auto a = from.id(), b = to.id();
  if (a == arrow::Type::NA || a == arrow::Type::DICTIONARY) return true;
  if (arrow::is_integer(a) && arrow::is_integer(b)) return true;
  if (a == arrow::Type::FLOAT && b == arrow::Type::DOUBLE) return true;
  if (arrow::is_integer(a) && (b == arrow::Type::DOUBLE || IsDecimal(b))) {
    return from.bit_width() <= 32 || IsDecimal(b);
  }
  if (IsDecimal(a) && IsDecimal(b)) return true;
  if (IsBytes(a) && IsBytes(b)) return true;
  if (IsOtherList(a) && b == arrow::Type::LIST) return true;
  if (a == arrow::Type::FIXED_SIZE_BINARY && arrow::is_base_binary_like(b)) return true;
  if (a == arrow::Type::TIMESTAMP && b == arrow::Type::TIMESTAMP) return true;
  if (a == arrow::Type::DATE32 && b == arrow::Type::TIMESTAMP) return true;
  return false;
}

Result<ArrayPtr> Cast(const ArrayPtr& array, const TypePtr& wanted, std::string_view column) {
  if (!MayCast(*array->type(), *wanted)) return CannotBecome(*array->type(), *wanted, column);
  ArrayPtr input = array;
  if (array->type_id() == arrow::Type::TIMESTAMP && wanted->id() == arrow::Type::TIMESTAMP) {
    // A zone changes how an instant is shown, never the number: swapping it must not convert.
    const auto& to = static_cast<const arrow::TimestampType&>(*wanted);
    const auto& from = static_cast<const arrow::TimestampType&>(*array->type());
    auto data = array->data()->Copy();
    data->type = arrow::timestamp(from.unit(), to.timezone());
    input = arrow::MakeArray(data);
    if (input->type()->Equals(*wanted)) return input;
  }
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(wanted);
  // Spark reads nanosecond files as microseconds by cutting off.
  options.allow_time_truncate = true;
  SLUICE_ARROW_ASSIGN(auto cast, arrow::compute::Cast(*input, wanted, options),
                      fmt::format("column '{}'", column));
  return cast;
}

}  // namespace

Result<ArrayPtr> Conform(const ArrayPtr& array, const TypePtr& wanted, std::string_view column) {
  if (array->type()->Equals(*wanted)) return array;
  const auto from = array->type_id(), to = wanted->id();
  if (from == arrow::Type::STRUCT && to == arrow::Type::STRUCT) {
    return ConformStruct(array, wanted, column);
  }
  const bool lists = from == arrow::Type::LIST && to == arrow::Type::LIST;
  const bool maps =
      (from == arrow::Type::MAP || from == arrow::Type::LIST) && to == arrow::Type::MAP;
  if (lists || maps) return ConformList(array, wanted, column);
  if (IsOtherList(from) && to == arrow::Type::LIST) {
    const auto& element = static_cast<const arrow::BaseListType&>(*array->type()).value_field();
    SLUICE_ASSIGN_OR_RETURN(const ArrayPtr list, Cast(array, arrow::list(element), column));
    return Conform(list, wanted, column);
  }
  return Cast(array, wanted, column);
}

}  // namespace sluice::columnar
