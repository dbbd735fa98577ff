#include "sluice/cli/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::cli {
namespace {

/// "line 12", "lines 12, 20 and 31".
std::string LinesText(const std::vector<int>& lines) {
  if (lines.size() == 1) return fmt::format("line {}", lines.front());
  constexpr size_t kShown = 3;
  const std::vector<int> shown(
      lines.begin(), lines.begin() + static_cast<ptrdiff_t>(std::min(kShown, lines.size())));
  const size_t more = lines.size() - shown.size();
  return fmt::format("lines {}{}", fmt::join(shown, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

void PrintAnswer(const Context& context, const Json& answer, int exit_code) {
  Json document = {{"command", context.command.empty() ? Json(nullptr) : Json(context.command)},
                   {"run_id", context.run_id},
                   {"program", "sluice " SLUICE_VERSION},
                   {"exit_code", exit_code},
                   {"error", nullptr},
                   {"notes", Json::array()}};
  for (const auto& [key, value] : answer.items()) document[key] = value;
  PrintJson(document);
}

int Report(const Error& error, const Context& context) {
  const int code = ExitCodeOf(error, context);
  if (context.json) {
    PrintAnswer(context, {{"error", ToJson(error)}}, code);
  } else {
    PrintError(error);
  }
  return code;
}

std::vector<std::string> DescribeIdleKeys(const config::Config& config,
                                          const std::vector<const config::Table*>& tables) {
  struct Group {
    std::string key, message;
    std::vector<int> lines;
  };
  std::vector<Group> groups;
  for (const auto& idle : config.idle_keys) {
    const bool selected = idle.table.empty() ||
                          std::any_of(tables.begin(), tables.end(),
                                      [&](const auto* table) { return table->name == idle.table; });
    if (!selected) continue;
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Group& known) { return known.key == idle.key; });
    if (group == groups.end()) group = groups.insert(group, {idle.key, idle.message, {}});
    group->lines.push_back(idle.at.line);
  }
  std::vector<std::string> sentences;
  sentences.reserve(groups.size());
  for (const auto& group : groups) {
    sentences.push_back(fmt::format("`{}` ({}) has no effect: {}", group.key,
                                    LinesText(group.lines), group.message));
  }
  return sentences;
}

}  // namespace sluice::cli
