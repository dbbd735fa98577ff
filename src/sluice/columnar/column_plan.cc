#include "sluice/columnar/column_plan.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/columnar/arrow_io.h"

namespace sluice::columnar {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using Kind = Annotation::Kind;

/// Lists of two levels: the repeated node is the element itself.
bool IsElement(const SchemaNode& repeated, const std::string& list) {
  return repeated.physical != PhysicalType::kGroup || repeated.children.size() > 1 ||
         repeated.name == "array" || repeated.name == list + "_tuple";
}

bool IsNested(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRUCT || type.id() == arrow::Type::LIST ||
         type.id() == arrow::Type::MAP;
}

/// The one leaf that tells where a struct is null.
const SchemaNode& FirstLeaf(const SchemaNode& node) {
  const SchemaNode* leaf = &node;
  while (!leaf->children.empty()) leaf = &leaf->children.front();
  return *leaf;
}

// The field of a struct that may not be NULL where its struct is there. Below a NULL of the struct it has no value
// of its own, and needs none.
Result<ArrayPtr> WithoutNulls(const ArrayPtr& child, const arrow::Array& parent,
                              const std::string& column) {
  for (int64_t row = 0; row < child->length(); ++row) {
    if (parent.IsNull(row) || child->IsValid(row)) continue;
    return Fail(Error{ErrorKind::kUnsupported,
                      fmt::format("column '{}' is NULL or missing in the file, and may not be NULL "
                                  "in the table",
                                  column),
                      fmt::format("rewrite the file in the source, or leave the column out: "
                                  "exclude: [{}]",
                                  column.substr(0, column.find('.')))});
  }
  auto data = child->data()->Copy();
  data->buffers[0] = nullptr;
  data->null_count = 0;
  return arrow::MakeArray(data);
}

}  // namespace

tl::unexpected<Error> ColumnPlan::Refuse(const SchemaNode& node) const {
  return Fail(Error{ErrorKind::kUnsupported,
                    fmt::format("column '{}' is {} in the file and {} in the table", column_,
                                node.ToString(), type_->ToString()),
                    fmt::format("rewrite the file with the table's type, or leave the column out: "
                                "exclude: [{}]",
                                column_.substr(0, column_.find('.')))});
}

WantedColumn WantedColumn::Named(std::string name, TypePtr type) {
  WantedColumn wanted{std::move(type), std::move(name), {}, {}};
  if (wanted.type->id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(*wanted.type);
    wanted.parts = {Named("key", map.key_type()), Named("value", map.item_type())};
    return wanted;
  }
  for (const auto& field : wanted.type->fields()) {
    wanted.parts.push_back(Named(field->name(), field->type()));
  }
  return wanted;
}

Result<std::optional<size_t>> FindStored(
    const std::vector<SchemaNode>& nodes, const WantedColumn& wanted, const std::string& column,
    const std::function<bool(std::string_view, std::string_view)>& same_name) {
  const bool by_id = wanted.field_id.has_value();
  if (by_id && std::none_of(nodes.begin(), nodes.end(),
                            [](const SchemaNode& node) { return node.field_id.has_value(); })) {
    return Fail(Error{ErrorKind::kUnsupported,
                      fmt::format("the table maps column '{}' by its field id, and the file has no "
                                  "field ids",
                                  column),
                      "rewrite the file in the source with a writer that supports column mapping"});
  }
  std::optional<size_t> found;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (by_id ? nodes[i].field_id != wanted.field_id
              : !same_name(nodes[i].name, wanted.stored_name)) {
      continue;
    }
    if (found) {
      return Fail(Error{ErrorKind::kUnsupported,
                        fmt::format("two columns of the file, '{}' and '{}', could be column '{}'",
                                    nodes[*found].name, nodes[i].name, column),
                        "leave the column out with `exclude`, or rewrite the file in the source"});
    }
    found = i;
  }
  return found;
}

Result<ColumnPlan> ColumnPlan::Make(const SchemaNode& node, const WantedColumn& wanted,
                                    const std::string& column, const ColumnPlanOptions& options) {
  if (node.repetition != Repetition::kRepeated) return MakeAny(node, wanted, column, options);
  // Outside of a list or map, a repeated node is a list of what it is.
  ColumnPlan plan;
  plan.column_ = column;
  plan.type_ = wanted.type;
  if (wanted.type->id() != arrow::Type::LIST) return plan.Refuse(node);
  plan.shape_ = Shape::kList;
  SLUICE_ASSIGN_OR_RETURN(auto part,
                          MakeAny(node, wanted.parts.at(0), column + ".element", options));
  plan.leaves_ = part.leaves_;
  plan.parts_.push_back(std::move(part));
  return plan;
}

Result<ColumnPlan> ColumnPlan::MakeAny(const SchemaNode& node, const WantedColumn& wanted,
                                       const std::string& column,
                                       const ColumnPlanOptions& options) {
  ColumnPlan plan;
  plan.column_ = column;
  plan.type_ = wanted.type;
  if (IsNested(*wanted.type) != (node.physical == PhysicalType::kGroup)) return plan.Refuse(node);
  Status planned;
  switch (wanted.type->id()) {
    case arrow::Type::STRUCT:
      planned = plan.PlanStruct(node, wanted, options);
      break;
    case arrow::Type::LIST:
      planned = plan.PlanList(node, wanted.parts.at(0), options);
      break;
    case arrow::Type::MAP:
      planned = plan.PlanMap(node, wanted, options);
      break;
    default:
      plan.shape_ = Shape::kLeaf;
      plan.leaf_ = {node.physical, node.annotation, wanted.type, column, options.calendar};
      plan.leaves_ = {node.first_leaf};
      if (!CanReadLeaf(plan.leaf_)) return plan.Refuse(node);
      break;
  }
  if (!planned) return Fail(std::move(planned).error());
  return plan;
}

Status ColumnPlan::AddPart(const SchemaNode& node, const WantedColumn& wanted,
                           std::string_view name, const ColumnPlanOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(auto part,
                          Make(node, wanted, fmt::format("{}.{}", column_, name), options));
  leaves_.insert(leaves_.end(), part.leaves_.begin(), part.leaves_.end());
  parts_.push_back(std::move(part));
  return {};
}

Status ColumnPlan::PlanStruct(const SchemaNode& node, const WantedColumn& wanted,
                              const ColumnPlanOptions& options) {
  shape_ = Shape::kStruct;
  if (node.annotation.kind == Kind::kList || node.annotation.kind == Kind::kMap) {
    return Refuse(node);
  }
  if (wanted.is_variant && ShreddedVariant::Is(node)) {
    shape_ = Shape::kShreddedVariant;
    SLUICE_ASSIGN_OR_RETURN(variant_, ShreddedVariant::Make(node, column_, options.calendar));
    for (int leaf = 0; leaf < node.leaves; ++leaf) leaves_.push_back(node.first_leaf + leaf);
    return {};
  }
  const auto path_of = [&](size_t i) {
    return fmt::format("{}.{}", column_, type_->field(static_cast<int>(i))->name());
  };
  std::vector<int> wanted_by(node.children.size(), -1);
  for (size_t i = 0; i < wanted.parts.size(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(const auto child, FindStored(node.children, wanted.parts[i], path_of(i),
                                                         options.same_name));
    if (child) wanted_by[*child] = static_cast<int>(i);
  }
  parts_.resize(wanted.parts.size());
  part_index_.assign(parts_.size(), -1);
  int next = 0;
  for (size_t child = 0; child < node.children.size(); ++child) {
    if (wanted_by[child] < 0) continue;
    const auto at = static_cast<size_t>(wanted_by[child]);
    SLUICE_ASSIGN_OR_RETURN(parts_[at],
                            Make(node.children[child], wanted.parts[at], path_of(at), options));
    part_index_[at] = next++;
    leaves_.insert(leaves_.end(), parts_[at].leaves_.begin(), parts_[at].leaves_.end());
  }
  for (size_t i = 0; i < parts_.size(); ++i) parts_[i].type_ = wanted.parts[i].type;
  if (leaves_.empty() && node.leaves > 0) leaves_.push_back(FirstLeaf(node).first_leaf);
  return leaves_.empty() ? Refuse(node) : Status();
}

Status ColumnPlan::PlanList(const SchemaNode& node, const WantedColumn& element,
                            const ColumnPlanOptions& options) {
  shape_ = Shape::kList;
  in_group_ = true;
  if (node.annotation.kind != Kind::kList || node.children.size() != 1) return Refuse(node);
  const SchemaNode& repeated = node.children.front();
  if (repeated.repetition != Repetition::kRepeated) return Refuse(node);
  element_in_group_ = !IsElement(repeated, node.name);
  if (element_in_group_ && repeated.children.empty()) return Refuse(node);
  const std::string path = column_ + ".element";
  SLUICE_ASSIGN_OR_RETURN(auto part, element_in_group_
                                         ? Make(repeated.children.front(), element, path, options)
                                         : MakeAny(repeated, element, path, options));
  leaves_ = part.leaves_;
  parts_.push_back(std::move(part));
  return {};
}

Status ColumnPlan::PlanMap(const SchemaNode& node, const WantedColumn& wanted,
                           const ColumnPlanOptions& options) {
  shape_ = Shape::kMap;
  in_group_ = true;
  if (node.annotation.kind != Kind::kMap || node.children.size() != 1) return Refuse(node);
  const SchemaNode& entry = node.children.front();
  if (entry.repetition != Repetition::kRepeated || entry.children.size() != 2) return Refuse(node);
  SLUICE_RETURN_IF_ERROR(AddPart(entry.children[0], wanted.parts.at(0), "key", options));
  return AddPart(entry.children[1], wanted.parts.at(1), "value", options);
}

tl::unexpected<Error> ColumnPlan::Damaged() const {
  return Fail(ErrorKind::kCorrupt, "column '{}' can't be decoded as its footer announces", column_);
}

Result<ArrayPtr> ColumnPlan::Build(const ArrayPtr& stored) const {
  SLUICE_ASSIGN_OR_RETURN(auto built, BuildAny(stored));
  const arrow::Status valid = built->Validate();
  if (!valid.ok()) {
    return Fail(ErrorKind::kCorrupt, "column '{}': {}", column_, valid.message());
  }
  return built;
}

Result<ArrayPtr> ColumnPlan::BuildAny(const ArrayPtr& stored) const {
  switch (shape_) {
    case Shape::kLeaf:
      return ConvertLeaf(leaf_, stored);
    case Shape::kStruct:
      if (stored->type_id() != arrow::Type::STRUCT) return Damaged();
      return BuildStruct(*stored);
    case Shape::kList:
    case Shape::kMap:
      return BuildRepeated(*stored);
    case Shape::kShreddedVariant:
      return variant_.Build(stored, type_);
    case Shape::kMissing:
      break;
  }
  return Damaged();
}

Result<ArrayPtr> ColumnPlan::BuildStruct(const arrow::Array& stored) const {
  const auto& from = static_cast<const arrow::StructArray&>(stored);
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (size_t i = 0; i < parts_.size(); ++i) {
    ArrayPtr child;
    if (part_index_[i] < 0) {
      SLUICE_ASSIGN_OR_RETURN(child, MakeNulls(parts_[i].type_, stored.length()));
    } else {
      if (part_index_[i] >= from.num_fields()) return Damaged();
      SLUICE_ASSIGN_OR_RETURN(child, parts_[i].BuildAny(from.field(part_index_[i])));
    }
    const auto& field = type_->field(static_cast<int>(i));
    if (!field->nullable() && child->null_count() > 0) {
      SLUICE_ASSIGN_OR_RETURN(
          child, WithoutNulls(child, stored, fmt::format("{}.{}", column_, field->name())));
    }
    children.push_back(child->data());
  }
  SLUICE_ASSIGN_OR_RETURN(auto validity, ValidityOf(stored));
  return arrow::MakeArray(arrow::ArrayData::Make(type_, stored.length(), {std::move(validity)},
                                                 std::move(children), stored.null_count()));
}

Result<ArrayPtr> ColumnPlan::BuildRepeated(const arrow::Array& stored) const {
  const arrow::Array* lists = &stored;
  ArrayPtr inner;
  if (in_group_) {
    if (stored.type_id() != arrow::Type::STRUCT || stored.num_fields() != 1) return Damaged();
    inner = static_cast<const arrow::StructArray&>(stored).field(0);
    lists = inner.get();
  }
  if (lists->type_id() != arrow::Type::LIST) return Damaged();
  SLUICE_ASSIGN_OR_RETURN(auto elements,
                          BuildEntries(static_cast<const arrow::ListArray&>(*lists).values()));
  SLUICE_ASSIGN_OR_RETURN(auto validity, ValidityOf(stored));
  const auto& offsets = lists->data()->buffers[1];
  constexpr int64_t kWidth = sizeof(int32_t);
  auto mine =
      offsets == nullptr || lists->offset() == 0
          ? offsets
          : arrow::SliceBuffer(offsets, lists->offset() * kWidth, (lists->length() + 1) * kWidth);
  return arrow::MakeArray(arrow::ArrayData::Make(type_, stored.length(),
                                                 {std::move(validity), std::move(mine)},
                                                 {elements->data()}, stored.null_count()));
}

Result<ArrayPtr> ColumnPlan::BuildEntries(const ArrayPtr& entries) const {
  if (shape_ == Shape::kList && !element_in_group_) return parts_[0].BuildAny(entries);
  if (entries->type_id() != arrow::Type::STRUCT) return Damaged();
  const auto& groups = static_cast<const arrow::StructArray&>(*entries);
  if (groups.num_fields() != static_cast<int>(parts_.size())) return Damaged();
  if (shape_ == Shape::kList) return parts_[0].BuildAny(groups.field(0));
  SLUICE_ASSIGN_OR_RETURN(auto keys, parts_[0].BuildAny(groups.field(0)));
  SLUICE_ASSIGN_OR_RETURN(auto values, parts_[1].BuildAny(groups.field(1)));
  if (keys->null_count() > 0) {
    return Fail(ErrorKind::kUnsupported, "column '{}' holds a map with a NULL key", column_);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type_->field(0)->type(), entries->length(),
                                                 {nullptr}, {keys->data(), values->data()}, 0));
}

}  // namespace sluice::columnar
