#include "sluice/delta/snapshot/partition_check.h"

#include <arrow/scalar.h>
#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>

#include "sluice/delta/schema/partition_value.h"
#include "sluice/delta/schema/physical_column.h"

namespace sluice::delta {
namespace {

// The different texts that the files have for the column.
Result<std::set<std::string>> TextsOf(const Snapshot& snapshot, const Field& column) {
  std::set<std::string> texts;
  for (const LiveFile& file : snapshot.files) {
    SLUICE_ASSIGN_OR_RETURN(const auto* text, FindPartitionValue(file.partition_values, column));
    if (text != nullptr && *text) texts.insert(**text);
  }
  return texts;
}

}  // namespace

Status RequireReadablePartitions(const Snapshot& snapshot, const std::vector<Field>& columns,
                                 const TimeZone& zone) {
  for (const Field& column : columns) {
    if (!IsPartitionColumn(snapshot.metadata.partition_columns, column)) continue;
    SLUICE_ASSIGN_OR_RETURN(const auto texts, TextsOf(snapshot, column));
    for (const std::string& text : texts) {
      auto value = ParsePartitionValue(text, column.type, zone);
      if (value) continue;
      return Fail(std::move(value).error().Within(fmt::format("column '{}'", column.name)));
    }
  }
  return {};
}

Status RequireAnyPartitionValue(const Snapshot& snapshot, const Field& column,
                                const TimeZone& zone) {
  if (!IsPartitionColumn(snapshot.metadata.partition_columns, column)) return {};
  if (snapshot.left_out > 0) return {};  // by its value, which could be read
  SLUICE_ASSIGN_OR_RETURN(const auto texts, TextsOf(snapshot, column));
  for (const std::string& text : texts) {
    const auto value = ParsePartitionValue(text, column.type, zone);
    if (!value || (*value)->is_valid) return {};
  }
  if (texts.empty()) return {};
  return Fail(ErrorKind::kUnsupported,
              "column '{}' ({}): none of its partition values can be read as its type, for example "
              "'{}'",
              column.name, column.type.ToString(), *texts.begin());
}

}  // namespace sluice::delta
