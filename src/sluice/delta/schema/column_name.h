#pragma once

#include <string>
#include <string_view>

namespace sluice::delta {

/// How column names are compared where Spark compares them without case. ASCII letters are folded;
/// other letters must be spelled alike.
bool SameColumnName(std::string_view a, std::string_view b);
std::string FoldColumnName(std::string_view name);

}  // namespace sluice::delta
