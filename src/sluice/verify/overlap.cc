#include "sluice/verify/overlap.h"

#include <algorithm>
#include <tuple>

#include "sluice/ledger/in_force.h"

namespace sluice::verify {
namespace {

using ledger::Bound;
using ledger::ExportKind;
using ledger::Manifest;
using ledger::ValueOf;

struct Window {
  const Manifest* manifest = nullptr;
  int64_t start = 0, end = 0;
};

std::vector<Window> WindowsOf(const std::vector<Manifest>& manifests) {
  std::vector<Window> windows;
  for (const auto& manifest : manifests) {
    if (manifest.kind != ExportKind::kWindow && manifest.kind != ExportKind::kBackfill) continue;
    if (manifest.rows == 0) continue;
    const auto start = ValueOf(manifest.start), end = ValueOf(manifest.end);
    if (start && end && *start < *end) windows.push_back({&manifest, *start, *end});
  }
  return windows;
}

/// The reset that put the position back to where the overlap begins, or before.
int64_t ResetBetween(const std::vector<Manifest>& manifests, const Overlap& overlap) {
  const auto overlap_start = ValueOf(overlap.start);
  for (const auto& manifest : manifests) {
    if (manifest.n <= overlap.earlier || manifest.n >= overlap.later) continue;
    if (manifest.kind != ExportKind::kReset) continue;
    const auto before = ValueOf(manifest.start), after = ValueOf(manifest.end);
    if (!after) return manifest.n;
    if (before && *after < *before && *after <= *overlap_start) return manifest.n;
  }
  return 0;
}

/// True if a seed between the two started the feed again before what they share: readers begin with it, too.
bool BegunAnewBetween(const std::vector<Manifest>& manifests, const Overlap& overlap) {
  const auto overlap_start = ValueOf(overlap.start);
  return std::any_of(manifests.begin(), manifests.end(), [&](const Manifest& manifest) {
    if (manifest.n <= overlap.earlier || manifest.n >= overlap.later) return false;
    if (manifest.kind != ExportKind::kSeed && manifest.kind != ExportKind::kReseed) return false;
    const auto seeded = ValueOf(manifest.end);
    return seeded && *seeded <= *overlap_start;
  });
}

Overlap OverlapOf(const Window& a, const Window& b) {
  const bool a_first = a.manifest->n < b.manifest->n;
  Overlap overlap;
  overlap.earlier = (a_first ? a : b).manifest->n;
  overlap.later = (a_first ? b : a).manifest->n;
  overlap.start = a.start > b.start ? a.manifest->start : b.manifest->start;
  overlap.end = a.end < b.end ? a.manifest->end : b.manifest->end;
  overlap.from = a.start < b.start ? a.manifest->start : b.manifest->start;
  overlap.to = a.end > b.end ? a.manifest->end : b.manifest->end;
  return overlap;
}

}  // namespace

std::vector<Overlap> FindOverlaps(const std::vector<Manifest>& manifests) {
  std::vector<Window> windows = WindowsOf(manifests);
  std::sort(windows.begin(), windows.end(),
            [](const Window& a, const Window& b) { return a.start < b.start; });
  const ledger::SourceHistories histories(manifests);
  std::vector<Overlap> overlaps;
  std::vector<Window> open;  // those that reach beyond the start of the next one
  for (const Window& window : windows) {
    std::erase_if(open, [&](const Window& other) { return other.end <= window.start; });
    for (const Window& other : open) {
      // A re-created table has other rows.
      if (histories.Of(other.manifest->table_id) != histories.Of(window.manifest->table_id)) {
        continue;
      }
      const Overlap overlap = OverlapOf(other, window);
      if (!BegunAnewBetween(manifests, overlap)) overlaps.push_back(overlap);
    }
    open.push_back(window);
  }
  std::sort(overlaps.begin(), overlaps.end(), [](const Overlap& a, const Overlap& b) {
    return std::tie(a.later, a.earlier) < std::tie(b.later, b.earlier);
  });
  for (auto& overlap : overlaps) overlap.reset = ResetBetween(manifests, overlap);
  return overlaps;
}

}  // namespace sluice::verify
