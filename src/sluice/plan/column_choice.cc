#include "sluice/plan/column_choice.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/config/mistake.h"
#include "sluice/config/nearest.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/ledger/records.h"
#include "sluice/plan/output_layout.h"

namespace sluice::plan {
namespace {

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& other) { return SameColumnName(other, name); });
}

bool IsFeedColumn(std::string_view name) {
  return SameColumnName(name, delta::kChangeTypeColumn) ||
         SameColumnName(name, delta::kCommitVersionColumn) ||
         SameColumnName(name, delta::kCommitTimestampColumn);
}

/// Of these types Spark can compare a column with a timestamp.
bool CanBeWatermark(const delta::Field& field) {
  using delta::TypeId;
  return field.type.id == TypeId::kTimestamp || field.type.id == TypeId::kTimestampNtz ||
         field.type.id == TypeId::kDate || field.type.id == TypeId::kString;
}

/// "'id', 'country' and 180 more"
std::string Listing(const std::vector<std::string>& names) {
  constexpr size_t kMost = 30;
  const size_t shown = std::min(names.size(), kMost);
  std::string text = fmt::format(
      "'{}'", fmt::join(names.begin(), names.begin() + static_cast<ptrdiff_t>(shown), "', '"));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

/// What is wrong with the entries of a table's config, seen from the source's schema.
class ColumnMistakes {
 public:
  ColumnMistakes(const config::Table& table, const delta::TableSchema& schema,
                 const std::vector<const delta::TableSchema*>& older)
      : table_(table), schema_(schema), older_(older) {
    for (const auto& field : schema.fields) existing_.push_back(field.name);
  }

  void CheckList(const char* key, const std::vector<std::string>& entries,
                 const std::vector<config::LineColumn>& places) {
    const bool feed = table_.is_cdc();
    for (size_t i = 0; i < entries.size(); ++i) {
      if (Contains(existing_, entries[i]) || InOlder(entries[i])) continue;
      const config::LineColumn place = i < places.size() ? places[i] : config::LineColumn{};
      if (feed && IsFeedColumn(entries[i])) {
        if (&entries == &table_.columns) continue;  // comes along anyway
        Add(key, place, fmt::format("'{}' always comes along with a change feed", entries[i]));
      } else {
        Add(key, place, NoColumn(entries[i], existing_));
      }
    }
  }

  void CheckWatermark() {
    if (!table_.is_append()) return;
    const std::string& watermark = table_.append().watermark;
    std::vector<std::string> usable;
    for (const auto& field : schema_.fields) {
      if (CanBeWatermark(field)) usable.push_back(field.name);
    }
    const delta::Field* field = schema_.Find(watermark);
    if (field == nullptr) {
      Add("watermark", table_.places.watermark, NoColumn(watermark, usable));
    } else if (!CanBeWatermark(*field)) {
      Add("watermark", table_.places.watermark,
          fmt::format("'{}' has type {}, which can't be compared with a time: a watermark is of "
                      "type timestamp, timestamp_ntz, date or string{}",
                      field->name, field->type.ToString(),
                      usable.empty() ? "" : ", here " + Listing(usable)));
    }
  }

  Status Take() && {
    if (mistakes_.empty()) return {};
    return Fail(Error{ErrorKind::kConfig,
                      config::FormatMistakes(table_.places.file, config::Sorted(mistakes_)),
                      Remedy() + "; the table has the columns " + Listing(existing_)});
  }

 private:
  // Whether it names a column that was dropped. One that was renamed is still there, and would leave by its new name.
  bool InOlder(const std::string& entry) const {
    return std::any_of(older_.begin(), older_.end(), [&](const delta::TableSchema* schema) {
      const delta::Field* field = schema->Find(entry);
      return field != nullptr && !IsStillThere(*field);
    });
  }

  bool IsStillThere(const delta::Field& field) const {
    return !field.physical_name.empty() &&
           std::any_of(schema_.fields.begin(), schema_.fields.end(), [&](const delta::Field& now) {
             return now.physical_name == field.physical_name;
           });
  }

  // An entry that is taken out lets a column out of the source, of which older changes may still wait.
  std::string Remedy() const {
    return table_.is_cdc() && !table_.exclude.empty()
               ? "correct these entries: name a column that was renamed as it is called now, and "
                 "take out one that "
                 "was dropped when the changes before that are exported"
               : "correct these entries";
  }

  void Add(const char* key, config::LineColumn place, std::string_view what) {
    const std::string path = fmt::format("tables[{}].{}", table_.name, key);
    mistakes_.push_back({place.line, place.column, fmt::format("{}: {}", path, what), path});
  }

  std::string NoColumn(const std::string& entry, const std::vector<std::string>& candidates) const {
    const std::string outer = entry.substr(0, entry.find('.'));
    if (outer.size() < entry.size() && Contains(existing_, outer)) {
      return fmt::format("'{}' is a part of column '{}'; columns are named whole", entry, outer);
    }
    const auto nearest = config::Nearest(entry, candidates);
    return fmt::format("the table has no column '{}'{}", entry,
                       nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
  }

  const config::Table& table_;
  const delta::TableSchema& schema_;
  const std::vector<const delta::TableSchema*>& older_;
  std::vector<std::string> existing_;
  std::vector<config::Mistake> mistakes_;
};

/// Spark does not let a table with a change feed have columns of the feed's names; other writers do.
Status RefuseFeedColumns(const delta::TableSchema& schema) {
  for (const auto& field : schema.fields) {
    if (!IsFeedColumn(field.name)) continue;
    return Fail(
        Error{ErrorKind::kUnsupported,
              fmt::format("the source has a column '{}', a name that its change data feed "
                          "needs for itself",
                          field.name),
              "rename the column in the source, or export the table with pattern snapshot"});
  }
  return {};
}

/// The column of `schema` that `newest` calls `name`; nullptr if there is none.
const delta::Field* AsItWas(const std::string& name, const delta::TableSchema& schema,
                            const delta::TableSchema& newest) {
  const delta::Field* now = newest.Find(name);
  if (now == nullptr) return nullptr;
  if (now->physical_name.empty()) return schema.Find(name);
  const auto same = std::find_if(
      schema.fields.begin(), schema.fields.end(),
      [&](const delta::Field& field) { return field.physical_name == now->physical_name; });
  return same == schema.fields.end() ? nullptr : &*same;
}

/// The columns of `schema` that `entries` mean: as they are called in `newest`, and where that is none of `schema`, or
/// `both`, as they are called there.
std::set<std::string> NamedIn(const std::vector<std::string>& entries,
                              const delta::TableSchema& schema, const delta::TableSchema& newest,
                              bool both) {
  std::set<std::string> names;
  for (const auto& entry : entries) {
    const delta::Field* meant = AsItWas(entry, schema, newest);
    if (meant != nullptr) names.insert(meant->name);
    const delta::Field* own = schema.Find(entry);
    if (own != nullptr && (both || meant == nullptr)) names.insert(own->name);
  }
  return names;
}

}  // namespace

Status CheckNamedColumns(const config::Table& table, const delta::TableSchema& schema) {
  return CheckNamedColumnsOf(table, schema, {});
}

Status CheckNamedColumnsOf(const config::Table& table, const delta::TableSchema& newest,
                           const std::vector<const delta::TableSchema*>& older) {
  ColumnMistakes mistakes(table, newest, older);
  mistakes.CheckList("columns", table.columns, table.places.columns);
  mistakes.CheckList("exclude", table.exclude, table.places.exclude);
  mistakes.CheckWatermark();
  return std::move(mistakes).Take();
}

bool StaysInSource(const config::Table& table, std::string_view column) {
  if (table.is_cdc() && IsFeedColumn(column)) return false;
  if (Contains(table.exclude, column)) return true;
  return !table.columns.empty() && !Contains(table.columns, column);
}

Result<ColumnChoice> ChooseColumns(const config::Table& table, const delta::TableSchema& schema) {
  SLUICE_RETURN_IF_ERROR(CheckNamedColumns(table, schema));
  return ChooseColumnsAsOf(table, schema, schema);
}

Result<ColumnChoice> ChooseColumnsAsOf(const config::Table& table, const delta::TableSchema& schema,
                                       const delta::TableSchema& newest) {
  if (table.is_cdc()) SLUICE_RETURN_IF_ERROR(RefuseFeedColumns(schema));
  const auto partition_columns = PartitionColumns(table.pattern(), table.partition);
  const std::set<std::string> listed = NamedIn(table.columns, schema, newest, /*both=*/false);
  const std::set<std::string> excluded = NamedIn(table.exclude, schema, newest, /*both=*/true);
  ColumnChoice choice;
  for (const auto& field : delta::WithoutVoid(schema).fields) {
    if (excluded.contains(field.name)) continue;
    if (!table.columns.empty() && !listed.contains(field.name)) continue;
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
  SLUICE_RETURN_IF_ERROR(CheckNamedColumns(table, schema));
  return *schema.Find(table.append().watermark);
}

std::string DescribeColumnChoice(const config::Table& table) {
  // A digest, because it is kept at the destination: names of excluded columns stay in the source.
  return ledger::DigestOf({{"columns", table.columns}, {"exclude", table.exclude}});
}

}  // namespace sluice::plan
