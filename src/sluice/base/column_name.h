#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// How column names are compared everywhere: in files, statistics, partition values, schemas and the config.
/// Two names are the same if their lower-case forms are (Java's String.toLowerCase in the root locale, which
/// Spark uses wherever it ignores case). Bytes that are not UTF-8 stay as they are.
bool SameColumnName(std::string_view a, std::string_view b);
/// The lower-case form, as a key of maps and sets.
std::string FoldColumnName(std::string_view name);

}  // namespace sluice
