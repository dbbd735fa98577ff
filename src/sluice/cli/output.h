#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/error.h"
#include "sluice/base/human_text.h"
#include "sluice/base/types.h"
#include "sluice/exporter/report/report.h"

/// Prints text and JSON. Everything printed passes through redaction.
namespace sluice::cli {

/// Keeps keys in the order in which they were written, so that documents read as the contract shows them.
using Json = nlohmann::ordered_json;

/// One JSON document on stdout.
void PrintJson(const Json& document);
/// "error: ..." (or "stopped: ...") and its remedy, on stderr.
void PrintError(const Error& error);
/// A line on stderr, as an error prints it.
void PrintToErrors(std::string_view text);
/// A line on stdout, wrapped to its terminal.
void PrintLine(std::string_view text);
/// The same without wrapping, for what is aligned already.
void PrintTable(std::string_view text);

Json ToJson(const Error& error);
Json ToJson(const exporter::RunReport& report);
Json ToJson(const exporter::WindowReport& window);

std::string HumanSeconds(double seconds);  ///< "0.42 s", "3 min 20 s"
/// A length of time in two units at most: "3d 4h".
std::string HumanDuration(Duration d);

enum class Colour { kPlain, kGood, kWarning, kBad, kFaint };
/// With colour only where stdout is a terminal and NO_COLOR is not set.
std::string Paint(Colour colour, std::string_view text);

/// AlignTable for stdout, with a faint heading.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows,
                        const std::vector<size_t>& right);

}  // namespace sluice::cli
