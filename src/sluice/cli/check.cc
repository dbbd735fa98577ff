#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/exporter/inspect/check.h"
#include "sluice/exporter/inspect/try_rights.h"
#include "sluice/runtime/log.h"

namespace sluice::cli {
namespace {

using exporter::Finding;
using exporter::Severity;

Colour ColourOf(Severity severity) {
  switch (severity) {
    case Severity::kOk:
      return Colour::kGood;
    case Severity::kNote:
      return Colour::kFaint;
    case Severity::kWarning:
      return Colour::kWarning;
    case Severity::kFault:
      return Colour::kBad;
  }
  return Colour::kBad;
}

std::string Message(const Finding& finding) {
  return finding.severity == Severity::kFault ? runtime::RedactError(finding.message)
                                              : finding.message;
}

Json ToJson(const Finding& finding) {
  return {{"subject", finding.subject},
          {"severity", exporter::Name(finding.severity)},
          {"message", Message(finding)},
          {"fix", finding.fix}};
}

Json ToJson(const exporter::TriedRight& tried) {
  return {{"subject", tried.subject},
          {"place", runtime::RedactError(tried.place)},
          {"permission", exporter::Name(tried.right)},
          {"status", exporter::Name(tried.status)},
          {"message", runtime::RedactError(tried.message)},
          {"fix", tried.fix}};
}

int64_t Count(const std::vector<Finding>& findings, Severity severity) {
  return std::count_if(findings.begin(), findings.end(),
                       [&](const Finding& finding) { return finding.severity == severity; });
}

bool OnlyConfigIsWrong(const std::vector<Finding>& findings) {
  return std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity != Severity::kFault || finding.kind == ErrorKind::kConfig;
  });
}

/// With the lines after the first moved below it.
std::string Indented(std::string text) {
  constexpr std::string_view kIndent = "             ";
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    text.insert(at + 1, kIndent);
  }
  return text;
}

/// Findings under a heading for their subject. With `quiet`, only what asks for something.
void Print(const std::vector<Finding>& findings, bool quiet) {
  std::string subject;
  for (const auto& finding : findings) {
    const bool asks =
        finding.severity == Severity::kWarning || finding.severity == Severity::kFault;
    if (quiet && !asks) continue;
    if (finding.subject != subject) {
      subject = finding.subject;
      PrintLine(subject);
    }
    PrintLine(fmt::format(
        "  {}  {}",
        Paint(ColourOf(finding.severity), fmt::format("{:<7}", exporter::Name(finding.severity))),
        Message(finding)));
    if (!finding.fix.empty()) PrintLine("           fix: " + Indented(finding.fix));
  }
}

void PrintSummary(const std::vector<Finding>& findings) {
  const int64_t faults = Count(findings, Severity::kFault);
  const int64_t warnings = Count(findings, Severity::kWarning);
  PrintLine(faults > 0 ? Paint(Colour::kBad, fmt::format("{}, {}", Plural(faults, "fault"),
                                                         Plural(warnings, "warning")))
            : warnings > 0
                ? Paint(Colour::kWarning, fmt::format("no faults, {}", Plural(warnings, "warning")))
                : Paint(Colour::kGood, "no faults, no warnings"));
}

}  // namespace

int Execute(const Context& context, const CheckCommand& command) {
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  const auto& services = selection->loaded.services;
  std::vector<Finding> findings{
      {"config", Severity::kOk,
       fmt::format("{}: {}", selection->loaded.config->file,
                   Plural(static_cast<int64_t>(selection->loaded.config->tables.size()), "table")),
       "", std::nullopt}};
  for (auto& sentence : DescribeIdleKeys(*selection->loaded.config, selection->tables)) {
    findings.push_back({"config", Severity::kWarning, std::move(sentence),
                        "leave the key out until its feature exists", std::nullopt});
  }
  if (!context.json) Print(findings, context.quiet);
  const auto add = [&](std::vector<Finding> more) {
    if (!context.json) Print(more, context.quiet);
    findings.insert(findings.end(), more.begin(), more.end());
  };
  add(exporter::CheckDestination(services));
  for (const auto* table : selection->tables) {
    if (!context.cancel.cancelled()) add(exporter::CheckTable(services, *table));
  }
  const bool faulty = Count(findings, Severity::kFault) > 0;
  const int code = context.cancel.cancelled()    ? 128 + context.cancel.signal()
                   : !faulty                     ? kExitOk
                   : OnlyConfigIsWrong(findings) ? kExitUsage
                                                 : kExitFailed;
  if (context.json) {
    Json all = Json::array();
    for (const auto& finding : findings) all.push_back(ToJson(finding));
    Json permissions = Json::array();
    for (const auto& tried : exporter::TryRights(services, selection->tables)) {
      permissions.push_back(ToJson(tried));
    }
    PrintAnswer(
        context,
        {{"ok", !faulty}, {"findings", std::move(all)}, {"permissions", std::move(permissions)}},
        code);
  } else if (!context.quiet) {
    PrintSummary(findings);
  }
  return code;
}

}  // namespace sluice::cli
