#include "sluice/delta/schema/physical_column.h"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/base/column_name.h"

namespace sluice::delta {

std::string_view PhysicalName(const Field& field) { return field.name; }

Result<std::optional<size_t>> FindPhysical(const Field& field, size_t count,
                                           const std::function<std::string_view(size_t)>& name_of) {
  const std::string_view wanted = PhysicalName(field);
  std::optional<size_t> found, second;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view name = name_of(i);
    if (!SameColumnName(name, wanted)) continue;
    (found ? second : found) = i;
  }
  if (!second) return found;
  return Fail(
      Error{ErrorKind::kUnsupported,
            fmt::format("two columns of the name '{}' ('{}' and '{}') stand where one is due",
                        field.name, name_of(*found), name_of(*second)),
            "leave the column out with `exclude`, or rewrite these files in the source"});
}

Result<const std::optional<std::string>*> FindPartitionValue(const PartitionValues& values,
                                                             const Field& field) {
  if (const auto exact = values.find(std::string(PhysicalName(field))); exact != values.end()) {
    return &exact->second;
  }
  std::vector<PartitionValues::const_pointer> entries;
  for (const auto& entry : values) entries.push_back(&entry);
  SLUICE_ASSIGN_OR_RETURN(const auto found, FindPhysical(field, entries.size(), [&](size_t i) {
                            return std::string_view(entries[i]->first);
                          }));
  return found ? &entries[*found]->second : nullptr;
}

bool IsPartitionColumn(const std::vector<std::string>& partition_columns, const Field& field) {
  // The list is of names in the schema, whatever the columns are called in files.
  return std::any_of(partition_columns.begin(), partition_columns.end(),
                     [&](const std::string& name) { return SameColumnName(name, field.name); });
}

}  // namespace sluice::delta
