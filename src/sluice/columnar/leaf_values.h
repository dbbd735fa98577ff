#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/columnar/file_schema.h"
#include "sluice/columnar/legacy_calendar.h"

namespace sluice::columnar {

/// How the values of one leaf are to be read.
struct LeafPlan {
  PhysicalType physical = PhysicalType::kInt32;
  Annotation annotation;
  std::shared_ptr<arrow::DataType> wanted;
  std::string column;  ///< for messages: its path
  FileCalendar calendar;
};

/// True where Spark's reader takes such a leaf as the wanted type.
bool CanReadLeaf(const LeafPlan& plan);

/// `stored` has the physical type as Arrow decodes it without annotations (INT96 as microseconds). No
/// value changes its meaning: kUnsupported, naming the column and the cause, for one that `wanted`
/// cannot hold and for an old day whose calendar is unclear.
/// REQUIRES: CanReadLeaf(plan).
Result<std::shared_ptr<arrow::Array>> ConvertLeaf(const LeafPlan& plan,
                                                  const std::shared_ptr<arrow::Array>& stored);

/// An array of `length` NULLs. Fields of a struct that may not be NULL have values all the same, as files need them.
Result<std::shared_ptr<arrow::Array>> MakeNulls(const std::shared_ptr<arrow::DataType>& type,
                                                int64_t length);

/// The validity bitmap of `array` from its first value on; null where no value is null.
Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& array);

}  // namespace sluice::columnar
