#include "sluice/ledger/in_force.h"

#include <algorithm>
#include <utility>

#include "sluice/ledger/extent_set.h"

namespace sluice::ledger {
namespace {

bool HoldsWindow(const Manifest& manifest) {
  return manifest.kind == ExportKind::kWindow || manifest.kind == ExportKind::kBackfill;
}

/// An export before a reset that started again, until later windows hold all of it.
struct Candidate {
  int64_t n = 0;
  Extent extent;
};

/// Marks what the exports from `begin` on hold of those before it.
void MarkForgotten(const std::vector<Manifest>& manifests, size_t begin,
                   const SourceHistories& histories, std::map<int64_t, Judgement>& judged) {
  std::map<std::string, std::vector<Candidate>> by_history;
  for (size_t i = 0; i < begin; ++i) {
    const Manifest& manifest = manifests[i];
    const bool may_go = HoldsWindow(manifest) || manifest.kind == ExportKind::kLate;
    const auto extent = ExtentOf(manifest);
    if (!may_go || !extent || judged[manifest.n].standing != Standing::kInForce) continue;
    by_history[histories.Of(manifest.table_id)].push_back({manifest.n, *extent});
  }
  for (auto& [history, candidates] : by_history) {
    std::sort(candidates.begin(), candidates.end(),
              [](const auto& a, const auto& b) { return a.extent.end < b.extent.end; });
  }
  std::map<std::string, ExtentSet> covered;
  for (size_t i = begin; i < manifests.size(); ++i) {
    const Manifest& manifest = manifests[i];
    const auto extent = HoldsWindow(manifest) ? ExtentOf(manifest) : std::nullopt;
    const std::string& history = histories.Of(manifest.table_id);
    const auto candidates = by_history.find(history);
    if (!extent || candidates == by_history.end()) continue;
    const Extent whole = covered[history].Add(*extent);
    auto& left = candidates->second;
    // Only what ends after the new window's start, and in the stretch, can have become complete by it.
    const auto ends_by = [&](int64_t end) {
      return std::partition_point(left.begin(), left.end(),
                                  [&](const auto& c) { return c.extent.end <= end; });
    };
    const auto first = ends_by(extent->start), last = ends_by(whole.end);
    const auto done = std::stable_partition(
        first, last, [&](const Candidate& c) { return c.extent.start < whole.start; });
    for (auto it = done; it != last; ++it) judged[it->n] = {Standing::kForgotten, manifest.n};
    left.erase(done, last);
  }
}

}  // namespace

std::optional<int64_t> ValueOf(const Bound& bound) {
  if (const auto* time = std::get_if<Timestamp>(&bound)) return time->micros;
  if (const auto* version = std::get_if<Version>(&bound)) return version->value;
  return std::nullopt;
}

std::optional<Extent> ExtentOf(const Manifest& manifest) {
  if (!HoldsWindow(manifest) && manifest.kind != ExportKind::kLate) return std::nullopt;
  if (manifest.start.index() != manifest.end.index()) return std::nullopt;
  const auto start = ValueOf(manifest.start), end = ValueOf(manifest.end);
  if (!start || !end || *start >= *end) return std::nullopt;
  return Extent{*start, *end};
}

bool BeginsAnew(const Manifest& manifest) {
  return manifest.kind == ExportKind::kReset &&
         std::holds_alternative<std::monostate>(manifest.end);
}

bool OnlySkips(const Manifest& manifest) {
  return manifest.kind == ExportKind::kReset && manifest.skipped &&
         manifest.reason == kSkippedByHand;
}

SourceHistories::SourceHistories(const std::vector<Manifest>& manifests) {
  std::optional<std::string> last;
  for (const auto& manifest : manifests) {
    if (manifest.kind == ExportKind::kReset) last.reset();
    if (manifest.kind == ExportKind::kReset || manifest.kind == ExportKind::kVoid) continue;
    const std::string id = first_id_.emplace(manifest.table_id, manifest.table_id).first->second;
    if (last && *last != id) {
      for (auto& [other, first] : first_id_) {
        if (first == id) first = *last;
      }
    }
    last = first_id_.at(manifest.table_id);
  }
}

const std::string& SourceHistories::Of(const std::string& table_id) const {
  const auto found = first_id_.find(table_id);
  return found == first_id_.end() ? table_id : found->second;
}

std::map<int64_t, Judgement> JudgeExports(const std::vector<Manifest>& manifests) {
  std::map<int64_t, Judgement> judged;
  for (const auto& manifest : manifests) {
    Judgement& judgement = judged[manifest.n];
    if (manifest.kind != ExportKind::kVoid) continue;
    judgement.standing = manifest.expired ? Standing::kExpired : Standing::kVoid;
  }
  for (const auto& manifest : manifests) {
    if (manifest.kind == ExportKind::kVoid) continue;
    for (const int64_t old : manifest.replaces) {
      const auto found = judged.find(old);
      if (found == judged.end() || old >= manifest.n) continue;
      if (found->second.standing != Standing::kInForce) continue;
      found->second = {Standing::kReplaced, manifest.n};
    }
  }
  const SourceHistories histories(manifests);
  for (size_t i = 0; i < manifests.size(); ++i) {
    if (BeginsAnew(manifests[i])) MarkForgotten(manifests, i + 1, histories, judged);
  }
  return judged;
}

std::vector<Manifest> InForce(std::vector<Manifest> manifests) {
  const auto judged = JudgeExports(manifests);
  std::erase_if(manifests, [&](const Manifest& manifest) {
    return judged.at(manifest.n).standing != Standing::kInForce;
  });
  return manifests;
}

std::vector<Manifest> SinceBeginning(std::vector<Manifest> manifests) {
  const auto last = std::find_if(manifests.rbegin(), manifests.rend(), BeginsAnew);
  manifests.erase(manifests.begin(), last.base());
  return manifests;
}

std::vector<Manifest> ManifestsOf(const std::vector<Decision>& decisions) {
  std::vector<Manifest> manifests;
  manifests.reserve(decisions.size());
  for (const auto& decision : decisions) manifests.push_back(decision.manifest);
  return manifests;
}

}  // namespace sluice::ledger
