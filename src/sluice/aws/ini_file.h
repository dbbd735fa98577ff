#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Files of sections with settings, as AWS's and Databricks' programs keep them in the home folder. Pure.
namespace sluice::aws {

/// The settings of one section, names in lower case.
using IniSection = std::map<std::string, std::string>;

/// The section that a title, its brackets included, begins; nullopt for one that is passed over.
using SectionOfTitle = std::function<std::optional<std::string>(std::string_view title)>;

/// Sections by name; one that comes again goes on. A name ends at the first of `separators`. Comments, nested settings
/// and what stands before the first section are passed over.
std::map<std::string, IniSection> ParseIni(std::string_view text, const SectionOfTitle& section_of,
                                           std::string_view separators = "=");

/// `text` without blanks at its ends.
std::string_view TrimBlanks(std::string_view text);

}  // namespace sluice::aws
