#include "sluice/cli/verify_text.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "sluice/cli/output.h"
#include "sluice/runtime/log.h"

namespace sluice::cli {
namespace {

using verify::SourceVerdict;
using verify::VerifiedExport;

std::string RangeText(const ledger::Bound& start, const ledger::Bound& end) {
  const bool versions = std::holds_alternative<Version>(end);
  if (std::holds_alternative<std::monostate>(start)) {
    return fmt::format("of {}{}", versions ? "version " : "", ledger::ToText(end));
  }
  return fmt::format("{}({}, {}]", versions ? "versions " : "", ledger::ToText(start),
                     ledger::ToText(end));
}

std::string SourceText(const VerifiedExport& verified) {
  std::string text = verified.source == SourceVerdict::kGone
                         ? std::string("source gone")
                         : fmt::format("source: {}", Name(verified.source));
  if (!verified.why.empty()) text += fmt::format(" ({})", runtime::RedactError(verified.why));
  if (!verified.former.empty()) text += fmt::format(" (when {})", verified.former);
  return text;
}

std::string ExportText(const VerifiedExport& verified) {
  std::string text;
  if (verified.kind == ledger::ExportKind::kReset) {
    text = fmt::format("  reset {} from {} to {}", verified.n, ledger::ToText(verified.start),
                       ledger::ToText(verified.end));
  } else {
    text = fmt::format("  {} {} {}: {} in {}; {}", ledger::Name(verified.kind), verified.n,
                       RangeText(verified.start, verified.end), Plural(verified.rows, "row"),
                       Plural(verified.files, "file"), SourceText(verified));
  }
  for (const auto& fault : verified.faults) text += "\n    " + Paint(Colour::kBad, fault);
  if (!verified.remedy.empty()) text += "\n    fix: " + verified.remedy;
  return text;
}

/// "export 3", "export 3 and 4 more".
std::string NumbersText(const std::vector<int64_t>& numbers) {
  std::string text = fmt::format("export {}", numbers.front());
  if (numbers.size() > 1) text += fmt::format(" and {} more", numbers.size() - 1);
  return text;
}

/// What could not be compared, and what was compared otherwise than today's config says, each cause once.
std::string CausesText(const verify::VerifyReport& report) {
  constexpr size_t kShown = 5;
  std::map<std::string, std::vector<int64_t>> gone, former;
  for (const auto& verified : report.exports) {
    if (!verified.why.empty()) gone[runtime::RedactError(verified.why)].push_back(verified.n);
    if (verified.why.empty() && !verified.former.empty()) {
      former[verified.former].push_back(verified.n);
    }
  }
  std::vector<std::string> lines;
  for (const auto& [why, numbers] : gone) {
    lines.push_back(
        fmt::format("{} can no longer be compared with the source: {}", NumbersText(numbers), why));
  }
  for (const auto& [words, numbers] : former) {
    lines.push_back(
        fmt::format("{} compared under the config of that time: {}", NumbersText(numbers), words));
  }
  std::string text;
  for (size_t i = 0; i < lines.size() && i < kShown; ++i) text += "\n  " + lines[i];
  if (lines.size() > kShown)
    text += fmt::format("\n  and {} more causes; -v shows all", lines.size() - kShown);
  return text;
}

/// Windows that `state set` or `state forget` made lie there twice: no fault, and never silent.
std::string OverlapsText(const verify::VerifyReport& report) {
  constexpr size_t kShown = 5;
  std::vector<std::string> lines;
  for (const auto& overlap : report.overlaps) {
    if (overlap.reset == 0) continue;
    lines.push_back(fmt::format(
        "rows of {} lie there twice, by export {} and by export {}: the state was set back by hand "
        "(export {}); `sluice backfill {} --from {} --to {} --again` and then `sluice prune` leave "
        "them once",
        RangeText(overlap.start, overlap.end), overlap.earlier, overlap.later, overlap.reset,
        report.name, ledger::ToText(overlap.from), ledger::ToText(overlap.to)));
  }
  if (lines.size() > kShown) {
    const size_t more = lines.size() - kShown;
    lines.resize(kShown);
    lines.push_back(fmt::format("and {} more pairs of exports", more));
  }
  std::string text;
  for (const auto& line : lines) text += "\n  " + Paint(Colour::kWarning, line);
  return text;
}

std::string Headline(const verify::VerifyReport& report) {
  using verify::Outcome;
  switch (report.outcome()) {
    case Outcome::kNotProven:
      return Paint(Colour::kBad, "NOT PROVEN");
    case Outcome::kNothingExported:
      return report.since.empty() ? "nothing exported yet, so nothing to prove"
                                  : "nothing was exported since then, so nothing to prove";
    case Outcome::kFilesMatch:
      return Paint(Colour::kWarning, "files match the manifests");
    case Outcome::kProven:
      break;
  }
  return report.overlaps.empty()
             ? Paint(Colour::kGood, "proven")
             : Paint(Colour::kWarning, "proven, with rows that lie there twice");
}

/// What is not a fault, and keeps an export from being all of the source: skipped, or of another writer.
std::string GapsText(const verify::VerifyReport& report) {
  constexpr size_t kShown = 5;
  std::string text;
  for (size_t i = 0; i < report.gaps.size() && i < kShown; ++i) {
    text += "\n  " + Paint(Colour::kWarning, ledger::Describe(report.gaps[i]));
  }
  if (report.gaps.size() > kShown) {
    text += fmt::format("\n  and {} more gaps of these kinds", report.gaps.size() - kShown);
  }
  return text;
}

/// Files whose rows a later export holds, too.
std::string LingeringText(const verify::VerifyReport& report) {
  if (report.lingering.empty()) return "";
  int64_t files = 0;
  std::vector<int64_t> numbers;
  for (const auto& old : report.lingering) {
    files += old.files;
    numbers.push_back(old.n);
  }
  return "\n  " +
         Paint(Colour::kWarning,
               fmt::format("{} of {} {} still there although later exports hold the same "
                           "rows: readers of folders see them twice until `sluice prune` "
                           "removes them (--replaced-now: at once)",
                           Plural(files, "file"), NumbersText(numbers), files == 1 ? "is" : "are"));
}

int64_t Count(const verify::VerifyReport& report, SourceVerdict verdict) {
  int64_t count = 0;
  for (const auto& verified : report.exports) count += verified.source == verdict ? 1 : 0;
  return count;
}

}  // namespace

Json ToJson(const verify::VerifyReport& report) {
  Json exports = Json::array();
  for (const auto& verified : report.exports) {
    exports.push_back({{"n", verified.n},
                       {"kind", ledger::Name(verified.kind)},
                       {"start", ledger::ToJson(verified.start)},
                       {"end", ledger::ToJson(verified.end)},
                       {"rows", verified.rows},
                       {"files", verified.files},
                       {"source", Name(verified.source)},
                       {"why", runtime::RedactError(verified.why)},
                       {"former_config", verified.former},
                       {"faults", verified.faults},
                       {"remedy", verified.remedy}});
  }
  Json overlaps = Json::array();
  for (const auto& overlap : report.overlaps) {
    overlaps.push_back({{"earlier", overlap.earlier},
                        {"later", overlap.later},
                        {"start", ledger::ToJson(overlap.start)},
                        {"end", ledger::ToJson(overlap.end)},
                        {"reset", overlap.reset > 0 ? Json(overlap.reset) : Json(nullptr)}});
  }
  Json gaps = Json::array();
  for (const auto& gap : report.gaps) {
    const bool skipped = gap.kind == ledger::ChainGap::Kind::kSkipped;
    gaps.push_back({{"kind", skipped ? "skipped" : "foreign"},
                    {"start", ledger::ToJson(gap.start)},
                    {"end", ledger::ToJson(gap.end)},
                    {"reset", gap.reset}});
  }
  Json lingering = Json::array();
  for (const auto& old : report.lingering) {
    lingering.push_back({{"n", old.n}, {"by", old.by}, {"files", old.files}});
  }
  return {{"table", report.table},
          {"name", report.name},
          {"pattern", config::Name(report.pattern)},
          {"outcome", Name(report.outcome())},
          {"proven", report.outcome() == verify::Outcome::kProven},
          {"not_compared", report.not_compared()},
          {"since", report.since.empty() ? Json(nullptr) : Json(report.since)},
          {"exports", std::move(exports)},
          {"rows", report.rows},
          {"files", report.files},
          {"bytes", report.bytes},
          {"balance", runtime::RedactError(report.balance)},
          {"overlaps", std::move(overlaps)},
          {"gaps", std::move(gaps)},
          {"lingering", std::move(lingering)},
          {"faults", report.faults},
          {"unproven", report.unproven},
          {"seconds", report.seconds},
          {"error", report.error ? ToJson(*report.error) : Json(nullptr)}};
}

std::string DescribeVerify(const verify::VerifyReport& report, bool all) {
  if (report.error && report.exports.empty() && report.faults.empty()) {
    return fmt::format("{}  {}  no export was looked at", report.name, Headline(report));
  }
  const int64_t resets = Count(report, SourceVerdict::kNoRows);
  const int64_t exports = static_cast<int64_t>(report.exports.size()) - resets;
  std::string text = fmt::format("{}  {}", report.name, Headline(report));
  if (exports > 0) {
    text += fmt::format("  {}, {} in {}, {}; as in the source: {}", Plural(exports, "export"),
                        Plural(report.rows, "row"), Plural(report.files, "file"),
                        HumanBytes(report.bytes), Count(report, SourceVerdict::kSame));
  }
  if (const int64_t lost = report.not_compared(); lost > 0) {
    text += fmt::format("; {} of {} can no longer be compared with the source", lost, exports);
  }
  if (!report.since.empty()) text += fmt::format(" (since {})", report.since);
  for (const auto& verified : report.exports) {
    if (all || !verified.faults.empty()) text += "\n" + ExportText(verified);
  }
  if (!all) text += CausesText(report);
  for (const auto& why : report.unproven) text += "\n  " + Paint(Colour::kWarning, why);
  text += OverlapsText(report) + GapsText(report) + LingeringText(report);
  if (!report.balance.empty()) text += "\n  " + runtime::RedactError(report.balance);
  for (const auto& fault : report.faults) text += "\n  " + Paint(Colour::kBad, fault);
  return text;
}

}  // namespace sluice::cli
