#include <fmt/format.h>

#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/delta/schema/physical_column.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::delta {
namespace {

using Phrases = std::vector<std::string>;

// The same column among `fields`: under column mapping the one of its physical name, which renaming keeps. Names are
// unique; the search begins at `at`, where the column most often is.
const Field* FindField(const std::vector<Field>& fields, const Field& wanted, size_t at) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[(at + i) % fields.size()];
    const bool mapped = !field.physical_name.empty() && !wanted.physical_name.empty();
    if (mapped ? SameColumnName(field.physical_name, wanted.physical_name)
               : SameColumnName(field.name, wanted.name)) {
      return &field;
    }
  }
  return nullptr;
}

std::string Below(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "." + name;
}

void DescribeFields(const std::string& parent, const std::vector<Field>& before,
                    const std::vector<Field>& after, Phrases& phrases);

void DescribeField(const std::string& path, const Field& before, const Field& after,
                   Phrases& phrases) {
  if (before.name != after.name) {
    phrases.push_back(SameColumnName(before.name, after.name)
                          ? fmt::format("column '{}' is now spelled '{}'", path, after.name)
                          : fmt::format("column '{}' renamed to '{}'", path, after.name));
  }
  const bool nested = !before.type.fields.empty() || !after.type.fields.empty();
  if (before.type.id != after.type.id || (!nested && before.type != after.type)) {
    phrases.push_back(fmt::format("column '{}' changed from {} to {}", path, before.type.ToString(),
                                  after.type.ToString()));
  } else if (nested) {
    DescribeFields(path, before.type.fields, after.type.fields, phrases);
  }
  if (before.nullable != after.nullable) {
    phrases.push_back(fmt::format("column '{}' {}", path,
                                  after.nullable ? "may be null now" : "may not be null any more"));
  }
}

bool SameOrder(const std::vector<Field>& before, const std::vector<Field>& after) {
  size_t from = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    const Field* const old = FindField(before, after[i], from);
    if (old == nullptr) continue;
    while (from < before.size() && FindField(after, before[from], i) == nullptr) ++from;
    if (from == before.size() || old != &before[from]) return false;
    ++from;
  }
  return true;
}

void DescribeFields(const std::string& parent, const std::vector<Field>& before,
                    const std::vector<Field>& after, Phrases& phrases) {
  for (size_t i = 0; i < after.size(); ++i) {
    if (FindField(before, after[i], i) == nullptr) {
      phrases.push_back(fmt::format("column '{}' added", Below(parent, after[i].name)));
    }
  }
  for (size_t i = 0; i < before.size(); ++i) {
    const Field& field = before[i];
    const std::string path = Below(parent, field.name);
    if (const Field* now = FindField(after, field, i)) {
      DescribeField(path, field, *now, phrases);
    } else {
      phrases.push_back(fmt::format("column '{}' dropped", path));
    }
  }
  if (!SameOrder(before, after)) {
    phrases.push_back(parent.empty() ? "columns reordered"
                                     : fmt::format("parts of column '{}' reordered", parent));
  }
}

bool CanReadFields(const std::vector<Field>& written, const std::vector<Field>& read);

bool CanReadField(const Field& written, const Field& read) {
  if (written.name != read.name || PhysicalName(written) != PhysicalName(read)) return false;
  if (written.nullable && !read.nullable) return false;
  if (written.type.id == TypeId::kVoid) return true;
  if (written.type.id != read.type.id) return false;
  return written.type.fields.empty() ? written.type == read.type
                                     : CanReadFields(written.type.fields, read.type.fields);
}

bool CanReadFields(const std::vector<Field>& written, const std::vector<Field>& read) {
  for (size_t i = 0; i < written.size(); ++i) {
    const Field* const now = FindField(read, written[i], i);
    if (now == nullptr || !CanReadField(written[i], *now)) return false;
  }
  return true;
}

}  // namespace

bool CanReadAs(const TableSchema& written, const TableSchema& read) {
  return CanReadFields(written.fields, read.fields);
}

std::vector<std::string> DescribeSchemaChange(const TableSchema& before, const TableSchema& after) {
  Phrases phrases;
  DescribeFields("", before.fields, after.fields, phrases);
  return phrases;
}

}  // namespace sluice::delta
