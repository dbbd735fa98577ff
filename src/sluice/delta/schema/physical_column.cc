#include "sluice/delta/schema/physical_column.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/column_name.h"

namespace sluice::delta {

std::string_view PhysicalName(const Field& field) {
  return field.physical_name.empty() ? field.name : field.physical_name;
}

namespace {

// The physical names and ids of `fields` into what was made of their types alone.
void NameStored(const std::vector<Field>& fields, std::vector<columnar::WantedColumn>& wanted) {
  for (size_t i = 0; i < fields.size(); ++i) {
    wanted[i].stored_name = PhysicalName(fields[i]);
    wanted[i].field_id = fields[i].field_id;
    wanted[i].is_variant = fields[i].type.id == TypeId::kVariant;
    NameStored(fields[i].type.fields, wanted[i].parts);
  }
}

}  // namespace

Result<columnar::WantedColumn> ToWanted(const Field& field) {
  SLUICE_ASSIGN_OR_RETURN(auto type, ToArrow(field.type));
  std::vector<columnar::WantedColumn> wanted;
  wanted.push_back(columnar::WantedColumn::Named(field.name, std::move(type)));
  NameStored({field}, wanted);
  return std::move(wanted.front());
}

Result<const std::optional<std::string>*> FindPartitionValue(const PartitionValues& values,
                                                             const Field& field) {
  const std::string_view wanted = PhysicalName(field);
  if (const auto exact = values.find(std::string(wanted)); exact != values.end()) {
    return &exact->second;
  }
  PartitionValues::const_pointer found = nullptr;
  for (const auto& entry : values) {
    if (!SameColumnName(entry.first, wanted)) continue;
    if (found != nullptr) {
      return Fail(
          Error{ErrorKind::kUnsupported,
                fmt::format("the log has two partition values for column '{}': '{}' and '{}'",
                            field.name, found->first, entry.first),
                "leave the column out with `exclude`, or rewrite these files in the source"});
    }
    found = &entry;
  }
  return found != nullptr ? &found->second : nullptr;
}

bool IsPartitionColumn(const std::vector<std::string>& partition_columns, const Field& field) {
  // The list is of names in the schema, whatever the columns are called in files.
  return std::any_of(partition_columns.begin(), partition_columns.end(),
                     [&](const std::string& name) { return SameColumnName(name, field.name); });
}

}  // namespace sluice::delta
