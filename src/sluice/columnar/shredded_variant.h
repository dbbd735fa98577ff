#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/columnar/file_schema.h"
#include "sluice/columnar/leaf_values.h"
#include "sluice/columnar/variant_value.h"

namespace sluice::columnar {

/// A VARIANT column of which a file holds parts in columns of their own types (parquet-format, VariantShredding.md),
/// put together again as Spark does: each row becomes one value, with a dictionary of the names that are in it.
/// A variant that is missing where one has to be is the variant null, as the format demands. Value type.
class ShreddedVariant {
 public:
  /// Whether `node`, the column of a variant, holds it shredded.
  static bool Is(const SchemaNode& node);
  /// kUnsupported, naming the part of the column, for a type that the format does not shred.
  /// REQUIRES: Is(node).
  static Result<ShreddedVariant> Make(const SchemaNode& node, const std::string& column,
                                      const FileCalendar& calendar);

  /// `stored`: what Arrow decodes of all leaves of the column by the plain footer; `type` is a struct of two binaries,
  /// "value" and "metadata". kCorrupt, naming the column, for bytes that are not a variant, for a value beside
  /// a typed one, and for variants that take many times as much as what they are made of.
  Result<std::shared_ptr<arrow::Array>> Build(const std::shared_ptr<arrow::Array>& stored,
                                              const std::shared_ptr<arrow::DataType>& type) const;

  /// A group of value and typed_value: the column itself, a field of an object, or the elements of an array.
  struct Group {
    enum class Typed { kNone, kScalar, kArray, kObject };

    std::string path;            ///< for messages
    int value = -1, typed = -1;  ///< which of the group's children they are; -1: the file has none
    Typed kind = Typed::kNone;
    /// kScalar. `wanted` is null where the stored number is taken as it is.
    LeafPlan leaf;
    /// kScalar. One stands for all of its kind: kTrue, kInt64, kDecimal16.
    VariantPrimitive scalar = VariantPrimitive::kNull;
    std::vector<std::string> names;  ///< kObject: of each field
    std::set<std::string, std::less<>> all_names;
    std::vector<Group> parts;  ///< kObject: the fields; kArray: one, of the elements
  };

 private:
  std::shared_ptr<const Group> root_;
  int metadata_ = -1;
};

}  // namespace sluice::columnar
