#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/columnar/file_schema.h"
#include "sluice/columnar/leaf_values.h"
#include "sluice/columnar/shredded_variant.h"

namespace sluice::columnar {

struct ColumnPlanOptions {
  /// Whether a struct's field in the file is the one of that name in the table.
  std::function<bool(std::string_view, std::string_view)> same_name;
  FileCalendar calendar;
};

/// A column of a wanted type, and how it and the fields of its structs are found in files.
struct WantedColumn {
  std::shared_ptr<arrow::DataType> type;
  std::string stored_name;
  /// If set, the field that bears this id is the one, whatever its name.
  std::optional<int32_t> field_id;
  std::vector<WantedColumn> parts;  ///< struct: each field; list: the element; map: key and value
  bool is_variant =
      false;  ///< a struct of binary value and metadata, which files may hold shredded

  /// Files name it and its fields as it and `type` do.
  static WantedColumn Named(std::string name, std::shared_ptr<arrow::DataType> type);
};

/// Which of `nodes` is the column; nullopt if none is, and it reads as null. kUnsupported, as Spark refuses it,
/// if several are, or if the column is wanted by its id and `nodes` have none.
Result<std::optional<size_t>> FindStored(
    const std::vector<SchemaNode>& nodes, const WantedColumn& wanted, const std::string& column,
    const std::function<bool(std::string_view, std::string_view)>& same_name);

/// How one column of a file becomes an array of a wanted type, decided from the footer alone, as Spark
/// decides: fields of structs are found by name or by id, null where the file is older than the field; parts of
/// lists and maps by their position, whatever they are called, in all layouts that writers have used.
/// Value type.
class ColumnPlan {
 public:
  /// `column` names it in messages. kUnsupported, naming the part of the column and both types, where
  /// the file's type does not read as `wanted`.
  static Result<ColumnPlan> Make(const SchemaNode& node, const WantedColumn& wanted,
                                 const std::string& column, const ColumnPlanOptions& options);

  /// The leaves to read, ascending: no others can stop the read.
  const std::vector<int>& leaves() const { return leaves_; }
  /// `stored`: what Arrow decodes of leaves() by the plain footer. The result is valid, or an error says
  /// what is wrong with the file.
  Result<std::shared_ptr<arrow::Array>> Build(const std::shared_ptr<arrow::Array>& stored) const;

 private:
  enum class Shape { kMissing, kLeaf, kStruct, kList, kMap, kShreddedVariant };

  static Result<ColumnPlan> MakeAny(const SchemaNode& node, const WantedColumn& wanted,
                                    const std::string& column, const ColumnPlanOptions& options);
  Status PlanStruct(const SchemaNode& node, const WantedColumn& wanted,
                    const ColumnPlanOptions& options);
  Status PlanList(const SchemaNode& node, const WantedColumn& element,
                  const ColumnPlanOptions& options);
  Status PlanMap(const SchemaNode& node, const WantedColumn& wanted,
                 const ColumnPlanOptions& options);
  Status AddPart(const SchemaNode& node, const WantedColumn& wanted, std::string_view name,
                 const ColumnPlanOptions& options);
  tl::unexpected<Error> Refuse(const SchemaNode& node) const;

  Result<std::shared_ptr<arrow::Array>> BuildAny(const std::shared_ptr<arrow::Array>& stored) const;
  Result<std::shared_ptr<arrow::Array>> BuildStruct(const arrow::Array& stored) const;
  Result<std::shared_ptr<arrow::Array>> BuildRepeated(const arrow::Array& stored) const;
  Result<std::shared_ptr<arrow::Array>> BuildEntries(
      const std::shared_ptr<arrow::Array>& entries) const;
  tl::unexpected<Error> Damaged() const;

  Shape shape_ = Shape::kMissing;
  std::string column_;
  std::shared_ptr<arrow::DataType> type_;
  std::vector<int> leaves_;
  LeafPlan leaf_;
  ShreddedVariant variant_;
  std::vector<ColumnPlan> parts_;  ///< kStruct: one a wanted field; kList: 1; kMap: 2
  std::vector<int> part_index_;    ///< kStruct: among the fields that are read, -1: missing
  bool in_group_ = false;          ///< kList, kMap: a group holds the repeated node
  bool element_in_group_ = false;  ///< kList: the repeated node holds the element
};

}  // namespace sluice::columnar
