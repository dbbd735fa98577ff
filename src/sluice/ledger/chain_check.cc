#include "sluice/ledger/chain_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "sluice/ledger/extent_set.h"
#include "sluice/ledger/in_force.h"

namespace sluice::ledger {
namespace {

/// A bound of the same type as `like`.
Bound BoundOf(int64_t value, const Bound& like) {
  if (std::holds_alternative<Timestamp>(like)) return Timestamp{value};
  return Version{value};
}

/// A stretch that a reset passed over.
struct Jump {
  Extent extent;
  ChainGap::Kind kind = ChainGap::Kind::kGap;
  int64_t reset = 0;
};

/// Everything between two beginnings (the first export, a `state forget`, a seed): what should be held from its
/// first start to its end.
struct Stretch {
  Bound type;  ///< any bound of it
  bool seeded = false;
  std::optional<int64_t> first, end;
  std::optional<int64_t>
      at;                   ///< where the exports stand; before `end` where the state was set back
  std::vector<Jump> jumps;  ///< in the order in which they were made
  /// Where each export ends and which one it is, to say after which one a gap lies.
  std::vector<std::pair<int64_t, int64_t>> ends;
};

ChainGap::Kind KindOf(const Manifest& reset) {
  if (reset.skipped) return ChainGap::Kind::kSkipped;
  // A reset by hand says so; the other kind follows a row that another writer moved.
  return reset.reason.starts_with("state set") ? ChainGap::Kind::kGap : ChainGap::Kind::kForeign;
}

/// Follows the exports in the order of their numbers.
class Walk {
 public:
  explicit Walk(const std::vector<Manifest>& manifests) {
    for (const auto& manifest : manifests) Step(manifest);
    Close();
    // What was said to be left out may lie in any stretch.
    for (auto& stretch : stretches) {
      for (const auto& [type, jump] : skips_) {
        if (type.index() == stretch.type.index()) stretch.jumps.push_back(jump);
      }
    }
  }
  std::vector<Stretch> stretches;

 private:
  void Step(const Manifest& manifest) {
    const auto start = ValueOf(manifest.start), end = ValueOf(manifest.end);
    switch (manifest.kind) {
      case ExportKind::kWindow:
        if (!start || !end) return;
        now_.first = std::min(now_.first.value_or(*start), *start);
        now_.type = manifest.end;
        now_.end = std::max(now_.end.value_or(*end), *end);
        now_.at = end;
        now_.ends.emplace_back(*end, manifest.n);
        return;
      case ExportKind::kSeed:
      case ExportKind::kReseed:
        Close();
        if (!end) return;
        now_.first = now_.end = now_.at = end;
        now_.type = manifest.end;
        now_.seeded = true;
        now_.ends.emplace_back(*end, manifest.n);
        return;
      case ExportKind::kReset:
        if (BeginsAnew(manifest)) {
          Close();
          return;
        }
        if (OnlySkips(manifest)) {
          skips_.emplace_back(
              manifest.end,
              Jump{{start.value_or(0), end.value_or(0)}, ChainGap::Kind::kSkipped, manifest.n});
          return;
        }
        Jumped(manifest);
        return;
      default:
        return;
    }
  }

  void Jumped(const Manifest& reset) {
    const auto end = ValueOf(reset.end);
    if (!end) return;
    // Set before the first run: from where that would have begun.
    const auto start = ValueOf(reset.start);
    if (!now_.first && start && *start < *end) now_.first = now_.at = start;
    if (!now_.first) now_.first = end;
    now_.type = reset.end;
    if (now_.at && *now_.at < *end) {
      now_.jumps.push_back({{*now_.at, *end}, KindOf(reset), reset.n});
    }
    now_.end = std::max(now_.end.value_or(*end), *end);
    now_.at = end;
  }

  void Close() {
    if (now_.first) stretches.push_back(std::move(now_));
    now_ = Stretch();
  }

  Stretch now_;
  std::vector<std::pair<Bound, Jump>>
      skips_;  ///< by `state skip`; with a bound that tells their type
};

/// The last export that ends at or before `start`.
int64_t ExportBefore(const Stretch& stretch, int64_t start) {
  int64_t after = 0;
  for (const auto& [end, n] : stretch.ends) {
    if (end <= start) after = n;
  }
  return after;
}

/// Cuts a gap where differing jumps passed over it. The last one that did says what it is.
void AddGap(const Stretch& stretch, const Extent& gap, std::vector<ChainGap>& gaps) {
  ExtentSet explained;
  const size_t first = gaps.size();
  const auto add = [&](const Extent& part, ChainGap::Kind kind, int64_t reset) {
    gaps.push_back({kind, BoundOf(part.start, stretch.type), BoundOf(part.end, stretch.type), reset,
                    ExportBefore(stretch, part.start)});
  };
  for (auto jump = stretch.jumps.rbegin(); jump != stretch.jumps.rend(); ++jump) {
    const Extent over{std::max(gap.start, jump->extent.start), std::min(gap.end, jump->extent.end)};
    if (over.start >= over.end) continue;
    for (const Extent& part : explained.Gaps(over)) add(part, jump->kind, jump->reset);
    explained.Add(over);
  }
  for (const Extent& part : explained.Gaps(gap)) add(part, ChainGap::Kind::kGap, 0);
  std::sort(
      gaps.begin() + static_cast<std::ptrdiff_t>(first), gaps.end(),
      [](const ChainGap& a, const ChainGap& b) { return ValueOf(a.start) < ValueOf(b.start); });
}

/// What of each stretch no export in force holds.
std::vector<ChainGap> FindGaps(const std::vector<Manifest>& manifests,
                               std::vector<Stretch> stretches,
                               const std::map<int64_t, Judgement>& judged,
                               const std::optional<Position>& position, bool newest_only) {
  if (position && !stretches.empty()) {
    // The newest decision says how far the exports reach, even where the first or the last was taken away.
    Stretch& last = stretches.back();
    const auto first = ValueOf(position->first_start), end = ValueOf(position->end);
    if (position->end.index() == last.type.index() && first && end && *first < *end) {
      if (!last.seeded && !newest_only) last.first = std::min(*last.first, *first);
      last.end = std::max(*last.end, *end);
    }
  }
  std::vector<ChainGap> gaps;
  for (const auto& stretch : stretches) {
    ExtentSet held;
    // A later beginning may hold the time of an earlier one, and a backfill the time before a first window.
    for (const auto& manifest : manifests) {
      if (manifest.kind == ExportKind::kLate || manifest.end.index() != stretch.type.index())
        continue;
      if (judged.at(manifest.n).standing != Standing::kInForce) continue;
      if (const auto extent = ExtentOf(manifest)) held.Add(*extent);
    }
    for (const Extent& gap : held.Gaps({*stretch.first, *stretch.end})) {
      AddGap(stretch, gap, gaps);
    }
  }
  return gaps;
}

int64_t LastOf(const std::set<int64_t>& numbers) { return numbers.empty() ? 0 : *numbers.rbegin(); }

/// Readers find its rows in a later export, whether or not its own manifest is there.
bool IsReplaced(const std::map<int64_t, Judgement>& judged, int64_t n) {
  const auto found = judged.find(n);
  return found != judged.end() && (found->second.standing == Standing::kReplaced ||
                                   found->second.standing == Standing::kForgotten);
}

void FindNumbers(const ChainInput& input, const std::map<int64_t, Judgement>& judged,
                 ChainReport& report) {
  const bool has_ledger = !input.decided.empty() || !input.begun.empty();
  const int64_t in_ledger = std::max(LastOf(input.decided), LastOf(input.begun));
  std::set<int64_t> known = input.published;
  known.insert(input.decided.begin(), input.decided.end());
  known.insert(input.begun.begin(), input.begun.end());
  // Numbers come from names and records that anybody may have written: never count up to one.
  int64_t before = 0;
  const auto expect = [&](int64_t n) {
    if (n > before + 1) report.missing.push_back({before + 1, n - 1});
    before = n;
  };
  for (const int64_t n : known) {
    const bool was_settled = n < in_ledger || n <= input.settled_elsewhere;
    const bool is_decided = input.decided.contains(n);
    if (input.published.contains(n)) {
      if (!is_decided && has_ledger) report.undecided.push_back(n);
    } else if (is_decided) {
      if (was_settled && !IsReplaced(judged, n)) report.unpublished.push_back(n);
    } else if (was_settled) {
      continue;  // only its intent is left
    }
    expect(n);
  }
  report.newest = std::max(LastOf(known), input.settled_elsewhere);
  if (report.newest > before && input.settled_elsewhere > before) {
    report.missing.push_back({before + 1, input.settled_elsewhere});
  }
}

/// "export 3", "exports 3 and 4", "exports 3 to 9 (7 of them)".
std::string NumbersText(const std::vector<int64_t>& numbers) {
  if (numbers.size() == 1) return fmt::format("export {}", numbers.front());
  if (numbers.size() == 2) return fmt::format("exports {} and {}", numbers[0], numbers[1]);
  return fmt::format("{} exports from {} to {}", numbers.size(), numbers.front(), numbers.back());
}

ChainFault DescribeGap(const ChainGap& gap, std::string_view name) {
  const std::string range = RangeText(gap.start, gap.end);
  const std::string fill = fmt::format("`sluice backfill {} --from {} --to {}` exports it", name,
                                       ToText(gap.start), ToText(gap.end));
  if (gap.reset > 0) {
    return {
        fmt::format("{} was not exported: `state set` passed over it (reset {})", range, gap.reset),
        fmt::format("{}; if that was meant, say so with `sluice state skip {} --from {} --to {}`",
                    fill, name, ToText(gap.start), ToText(gap.end))};
  }
  return {fmt::format("{} is in no export{}", range,
                      gap.after > 0 ? fmt::format(" after export {}", gap.after) : ""),
          fill};
}

}  // namespace

bool ChainReport::unbroken() const {
  return missing.empty() && unpublished.empty() && undecided.empty() &&
         std::none_of(gaps.begin(), gaps.end(),
                      [](const ChainGap& gap) { return gap.kind == ChainGap::Kind::kGap; });
}

ChainReport CheckChain(const ChainInput& input) {
  ChainReport report;
  const auto judged = JudgeExports(input.manifests);
  FindNumbers(input, judged, report);
  report.position = input.position.value_or(Position());
  report.has_ledger = !input.decided.empty() || !input.begun.empty();
  report.gaps = FindGaps(input.manifests, Walk(input.manifests).stretches, judged, input.position,
                         input.newest_only);
  return report;
}

std::string RangeText(const Bound& start, const Bound& end) {
  return fmt::format("{}({}, {}]", std::holds_alternative<Version>(end) ? "versions " : "",
                     ToText(start), ToText(end));
}

std::optional<NumberRange> ChainReport::LostEnd() const {
  if (missing.empty() || missing.back().last != newest) return std::nullopt;
  return missing.back();
}

std::string LossRemedy(std::string_view name, const NumberRange& lost, const Position& position) {
  const bool one = lost.first == lost.last;
  // Only a snapshot stands where the newest snapshot does.
  const auto* end = std::get_if<Timestamp>(&position.end);
  const bool is_snapshot = end != nullptr && position.newest_snapshot == *end;
  const bool begins = is_snapshot || std::holds_alternative<std::monostate>(position.end);
  return fmt::format(
      "put back the ledger records and the manifest{} from a backup or from older versions of "
      "these "
      "objects; if they are lost for good, `sluice state {}` gives {} up: the next run exports "
      "that "
      "again, and `sluice prune` removes the files that are left of {}",
      one ? "" : "s",
      begins ? fmt::format("forget {}", name)
             : fmt::format("set {} {}", name, ToText(position.end)),
      one ? "that export" : "those exports", one ? "it" : "them");
}

std::vector<ChainFault> Describe(const ChainReport& report, std::string_view name) {
  constexpr size_t kShown = 5;
  const auto lost_end = report.LostEnd();
  std::vector<ChainFault> faults;
  const std::string restore = "restore the ledger folder and the manifests from a backup";
  for (size_t i = 0; i < report.missing.size() && i < kShown; ++i) {
    const auto& [first, last] = report.missing[i];
    const bool one = first == last;
    faults.push_back(
        {fmt::format(
             "{} of {} {} missing: neither a manifest nor a decision is there",
             one ? fmt::format("export {}", first) : fmt::format("exports {} to {}", first, last),
             report.newest, one ? "is" : "are"),
         lost_end == report.missing[i] ? LossRemedy(name, *lost_end, report.position) : restore});
  }
  if (!report.unpublished.empty()) {
    faults.push_back(
        {fmt::format("{} {} decided and without a manifest: readers of manifests miss the rows",
                     NumbersText(report.unpublished),
                     report.unpublished.size() == 1 ? "is" : "are"),
         fmt::format("`sluice state republish {}` writes it again", name)});
  }
  if (!report.undecided.empty()) {
    faults.push_back({fmt::format("{} {} a manifest and no decision", NumbersText(report.undecided),
                                  report.undecided.size() == 1 ? "has" : "have"),
                      "restore the ledger folder from a backup"});
  }
  size_t gaps = 0;
  for (const auto& gap : report.gaps) {
    if (gap.kind == ChainGap::Kind::kGap && ++gaps <= kShown) {
      faults.push_back(DescribeGap(gap, name));
    }
  }
  if (gaps > kShown) {
    faults.push_back({fmt::format("{} more gaps", gaps - kShown),
                      fmt::format("fill them with `sluice backfill {}`", name)});
  }
  return faults;
}

std::string Describe(const ChainGap& gap) {
  const std::string range = RangeText(gap.start, gap.end);
  switch (gap.kind) {
    case ChainGap::Kind::kGap:
      return "";
    case ChainGap::Kind::kSkipped:
      return fmt::format("{} was skipped on purpose (reset {})", range, gap.reset);
    case ChainGap::Kind::kForeign:
      return fmt::format(
          "{} was exported by another writer, who moved the row in _export_state (reset {})", range,
          gap.reset);
  }
  return "";
}

}  // namespace sluice::ledger
