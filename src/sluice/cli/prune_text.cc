#include "sluice/cli/prune_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace sluice::cli {
namespace {

using prune::PruneAction;
using prune::PruneKind;
using prune::PruneReason;
using prune::PruneReport;

/// What went, added up.
struct Sum {
  int64_t files = 0, uploads = 0, bytes = 0;

  void Add(const PruneAction& action) {
    (action.kind == PruneKind::kUpload ? uploads : files) += action.files;
    bytes += action.bytes;
  }
  /// "3 files (1.2 MiB) and 1 upload": the bytes of an upload are not known.
  std::string Text() const {
    std::string text;
    if (files > 0 || uploads == 0) {
      text = fmt::format("{} ({})", Plural(files, "file"), HumanBytes(bytes));
    }
    if (uploads > 0) {
      text += fmt::format("{}{}", text.empty() ? "" : " and ", Plural(uploads, "upload"));
    }
    return text;
  }
};

Sum SumOf(const PruneReport& report) {
  Sum sum;
  for (const auto& action : report.removed) sum.Add(action);
  return sum;
}

std::string_view Verb(bool dry_run) { return dry_run ? "would remove" : "removed"; }

std::string What(const PruneAction& action) {
  switch (action.kind) {
    case PruneKind::kSnapshot:
      return fmt::format("{} with {}", action.key, Plural(action.files, "file"));
    case PruneKind::kUpload:
      return fmt::format("the upload of {}", action.key);
    default:
      return action.key;
  }
}

std::string Why(const PruneAction& action) {
  switch (action.reason) {
    case PruneReason::kUnnamed:
      return fmt::format("another attempt at export {} was published", action.n);
    case PruneReason::kVoid:
      return fmt::format("export {} was voided", action.n);
    case PruneReason::kReplaced:
      return fmt::format("export {} replaced export {}", action.replaced_by, action.n);
    case PruneReason::kForgotten:
      return fmt::format("export {} was forgotten, and export {} holds its rows", action.n,
                         action.replaced_by);
    case PruneReason::kExpired:
      return fmt::format("snapshot {} is not kept any longer", action.n);
    case PruneReason::kAbandoned:
      return action.kind == PruneKind::kProbe ? "`check` did not get to remove it"
                                              : "a process died and left it";
  }
  return "";
}

Json ToJson(const PruneAction& action) {
  Json json = {{"what", prune::Name(action.kind)},
               {"why", prune::Name(action.reason)},
               {"key", action.key},
               {"n", action.n > 0 ? Json(action.n) : Json(nullptr)},
               {"files", action.kind == PruneKind::kUpload ? 0 : action.files},
               {"bytes", action.bytes}};
  if (action.replaced_by > 0) json["replaced_by"] = action.replaced_by;
  return json;
}

std::vector<std::string> EachLine(const PruneReport& report) {
  // Removed at the same time, and so in any order.
  std::vector<PruneAction> actions = report.removed;
  std::stable_sort(actions.begin(), actions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.n, a.key) < std::tie(b.n, b.key);
  });
  std::vector<std::string> lines;
  for (const auto& action : actions) {
    const std::string size =
        action.kind == PruneKind::kUpload ? "" : fmt::format(" ({})", HumanBytes(action.bytes));
    lines.push_back(fmt::format("{}{}: {}", What(action), size, Why(action)));
  }
  return lines;
}

std::vector<std::string> GroupedLines(const PruneReport& report) {
  std::map<std::string, Sum> groups;
  std::vector<std::string> order;
  for (const auto& action : report.removed) {
    const auto [at, is_new] = groups.try_emplace(Why(action));
    if (is_new) order.push_back(at->first);
    at->second.Add(action);
  }
  std::vector<std::string> lines;
  for (const auto& why : order) lines.push_back(groups.at(why).Text() + ": " + why);
  return lines;
}

}  // namespace

Json ToJson(const PruneReport& report) {
  const Sum sum = SumOf(report);
  Json json = Json::object();
  if (!report.name.empty()) {
    json["table"] = report.table;
    json["name"] = report.name;
    json["pattern"] = config::Name(report.pattern);
  }
  json["removed"] = Json::array();
  for (const auto& action : report.removed) json["removed"].push_back(ToJson(action));
  json["files"] = sum.files;
  json["uploads"] = sum.uploads;
  json["bytes"] = sum.bytes;
  if (!report.name.empty()) {
    json["foreign"] = {{"files", report.foreign.files}, {"bytes", report.foreign.bytes}};
  }
  json["error"] = report.error ? ToJson(*report.error) : Json(nullptr);
  return json;
}

std::string DescribePrune(const PruneReport& report, bool each) {
  const std::string who = report.name.empty() ? "leftovers" : report.name;
  std::string text = report.removed.empty() ? fmt::format("{}: nothing to remove", who)
                                            : fmt::format("{}: {} {}", who, Verb(report.dry_run),
                                                          SumOf(report).Text());
  for (const auto& line : each ? EachLine(report) : GroupedLines(report)) {
    text += "\n  " + line;
  }
  if (report.foreign.files > 0) {
    text += fmt::format("\n  left {} ({}) that sluice did not write",
                        Plural(report.foreign.files, "file"), HumanBytes(report.foreign.bytes));
  }
  return text;
}

std::string SummarizePrune(const std::vector<PruneReport>& reports) {
  Sum sum;
  bool dry_run = false;
  for (const auto& report : reports) {
    for (const auto& action : report.removed) sum.Add(action);
    dry_run = dry_run || report.dry_run;
  }
  if (sum.files == 0 && sum.uploads == 0) return "nothing to remove in all";
  return fmt::format("{} {} in all", Verb(dry_run), sum.Text());
}

}  // namespace sluice::cli
