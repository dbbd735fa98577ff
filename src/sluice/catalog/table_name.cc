#include "sluice/catalog/table_name.h"

#include <fmt/format.h>

#include <array>

namespace sluice::catalog {
namespace {

std::string Quoted(const std::string& part) {
  if (part.find_first_of(".`") == std::string::npos) return part;
  std::string quoted = "`";
  for (const char c : part) {
    if (c == '`') quoted += '`';
    quoted += c;
  }
  return quoted + "`";
}

tl::unexpected<Error> Malformed(std::string_view text, std::string_view why) {
  return Fail(Error{
      ErrorKind::kConfig, fmt::format("'{}': {}", text, why),
      "write the table as catalog.schema.table, e.g. main.sales.events; put a part that holds "
      "a dot or a backtick in backticks"});
}

/// Takes the part at the start of `rest`. False where a backtick stands where none may.
bool TakePart(std::string_view& rest, std::string& part) {
  if (!rest.starts_with('`')) {
    part = rest.substr(0, rest.find('.'));
    rest.remove_prefix(part.size());
    return part.find('`') == std::string::npos;
  }
  for (size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] != '`') {
      part += rest[at];
    } else if (rest.substr(at + 1).starts_with('`')) {
      part += rest[at++];
    } else {
      rest.remove_prefix(at + 1);
      return rest.empty() || rest.front() == '.';
    }
  }
  return false;
}

}  // namespace

std::string TableName::ToString() const {
  return Quoted(catalog) + "." + Quoted(schema) + "." + Quoted(table);
}

Result<TableName> ParseTableName(std::string_view text) {
  std::array<std::string, 3> parts;
  std::string_view rest = text;
  size_t count = 0;
  while (true) {
    std::string part;
    if (!TakePart(rest, part)) return Malformed(text, "a backtick stands where none may");
    if (part.empty()) return Malformed(text, "a part of the name is empty");
    if (count < parts.size()) parts[count] = std::move(part);
    ++count;
    if (rest.empty()) break;
    rest.remove_prefix(1);
  }
  if (count != parts.size()) {
    return Malformed(text,
                     fmt::format("a table in a catalog has a name of three parts, not {}", count));
  }
  return TableName{parts[0], parts[1], parts[2]};
}

}  // namespace sluice::catalog
