#include "sluice/plan/column_choice.h"

#include <strings.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "sluice/config/nearest.h"
#include "sluice/delta/change_feed.h"
#include "sluice/ledger/records.h"
#include "sluice/plan/output_layout.h"

namespace sluice::plan {
namespace {

bool SameName(const std::string& a, const std::string& b) {
  return strcasecmp(a.c_str(), b.c_str()) == 0;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& other) { return SameName(other, name); });
}

std::vector<std::string> Names(const delta::TableSchema& schema) {
  std::vector<std::string> names;
  for (const auto& field : schema.fields) names.push_back(field.name);
  return names;
}

std::string NotAColumn(const std::string& key, const std::string& entry,
                       const std::vector<std::string>& existing) {
  std::string text = fmt::format("{} names '{}', which is no column", key, entry);
  if (const auto nearest = config::Nearest(entry, existing)) {
    text += fmt::format(" (did you mean '{}'?)", *nearest);
  }
  return text;
}

/// Spark does not let a table with a change feed have columns of the feed's names; other writers do.
Status RefuseFeedColumns(const std::vector<std::string>& existing) {
  for (const auto reserved :
       {delta::kChangeTypeColumn, delta::kCommitVersionColumn, delta::kCommitTimestampColumn}) {
    if (!Contains(existing, std::string(reserved))) continue;
    return Fail(
        Error{ErrorKind::kUnsupported,
              fmt::format("the source has a column '{}', a name that its change data feed "
                          "needs for itself",
                          reserved),
              "rename the column in the source, or export the table with pattern snapshot"});
  }
  return {};
}

}  // namespace

Result<ColumnChoice> ChooseColumns(const config::Table& table, const delta::TableSchema& schema) {
  const auto existing = Names(schema);
  std::string wrong;
  const auto check = [&](const std::string& key, const std::vector<std::string>& entries) {
    for (const auto& entry : entries) {
      if (Contains(existing, entry)) continue;
      if (!wrong.empty()) wrong += "; ";
      wrong += NotAColumn(key, entry, existing);
    }
  };
  check("columns", table.columns);
  check("exclude", table.exclude);
  if (!wrong.empty()) {
    return Fail(
        Error{ErrorKind::kNotFound, wrong,
              fmt::format("correct the list; the table has: {}", fmt::join(existing, ", "))});
  }
  if (table.pattern == config::Pattern::kCdc) SLUICE_RETURN_IF_ERROR(RefuseFeedColumns(existing));
  const auto partition_columns = PartitionColumns(table.pattern, table.partition);
  ColumnChoice choice;
  for (const auto& field : schema.fields) {
    if (!table.columns.empty() && !Contains(table.columns, field.name)) continue;
    if (Contains(table.exclude, field.name)) continue;
    if (Contains(partition_columns, field.name)) {
      choice.replaced.push_back(field.name);
    } else {
      choice.output.push_back(field);
    }
  }
  if (choice.output.empty()) {
    return Fail(Error{ErrorKind::kUnsupported, "no column is left to export",
                      "list at least one column that is not replaced by a partition column"});
  }
  return choice;
}

Result<delta::Field> FindWatermark(const config::Table& table, const delta::TableSchema& schema) {
  const delta::Field* field = schema.Find(table.watermark);
  if (field == nullptr) {
    return Fail(Error{
        ErrorKind::kNotFound, NotAColumn("watermark", table.watermark, Names(schema)),
        fmt::format("name a time column; the table has: {}", fmt::join(Names(schema), ", "))});
  }
  using delta::TypeId;
  switch (field->type.id) {
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kDate:
    case TypeId::kString:
      return *field;
    default:
      return Fail(
          Error{ErrorKind::kUnsupported,
                fmt::format("watermark '{}' has type {}, which can't be compared with a time",
                            field->name, field->type.ToString()),
                "choose a column of type timestamp, timestamp_ntz, date or string"});
  }
}

std::string DescribeColumnChoice(const config::Table& table) {
  // A digest, because it is kept at the destination: names of excluded columns stay in the source.
  return ledger::DigestOf({{"columns", table.columns}, {"exclude", table.exclude}});
}

}  // namespace sluice::plan
