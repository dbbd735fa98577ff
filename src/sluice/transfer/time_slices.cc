#include "sluice/transfer/time_slices.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::transfer {
namespace {

/// Decoded bytes of a file for each byte in it: a guess.
constexpr double kDecodedRatio = 4;
/// Every slice reads the files that span several again: beyond this many, small files are the lesser
/// evil.
constexpr int kMaxSlices = 16;

/// A file's rows inside the window, spread over [begin, end].
struct Mass {
  double begin = 0, end = 0, bytes = 0;
};

std::vector<Mass> MassOf(const std::vector<plan::SourceFile>& files,
                         const plan::TimeWindow& window) {
  std::vector<Mass> masses;
  const double start = static_cast<double>(window.start.micros);
  const double end = static_cast<double>(window.end.micros);
  for (const auto& file : files) {
    const double low = file.watermark_min ? static_cast<double>(*file.watermark_min) : start;
    const double high = file.watermark_max ? static_cast<double>(*file.watermark_max) : end;
    Mass mass{std::max(low, start), std::min(high, end), 0};
    if (mass.begin > mass.end) continue;
    const double share = high > low ? (mass.end - mass.begin) / (high - low) : 1;
    mass.bytes = kDecodedRatio * static_cast<double>(file.size) * share;
    masses.push_back(mass);
  }
  std::sort(masses.begin(), masses.end(),
            [](const Mass& a, const Mass& b) { return a.begin < b.begin; });
  return masses;
}

/// The most that waits at one time while files are read in order, over the times at which it belongs to
/// more partitions than there may be open files.
struct Peak {
  double bytes = 0, partitions = 0;
};

Peak FindPeak(const std::vector<Mass>& masses, const SliceOptions& options) {
  std::vector<const Mass*> by_end;
  for (const Mass& mass : masses) by_end.push_back(&mass);
  std::sort(by_end.begin(), by_end.end(),
            [](const Mass* a, const Mass* b) { return a->end < b->end; });
  double waiting = 0, slope = 0, now = 0, latest = 0;
  Peak peak;
  size_t ended = 0;
  const auto advance = [&](double to) {
    waiting = std::max(0.0, waiting - slope * (to - now));
    now = to;
  };
  const auto density = [](const Mass& mass) {
    return mass.end > mass.begin ? mass.bytes / (mass.end - mass.begin) : 0;
  };
  for (const Mass& mass : masses) {
    while (ended < by_end.size() && by_end[ended]->end < mass.begin) {
      advance(by_end[ended]->end);
      slope -= density(*by_end[ended++]);
    }
    advance(mass.begin);
    if (mass.end > mass.begin) waiting += mass.bytes;
    slope += density(mass);
    latest = std::max(latest, mass.end);
    const double partitions = (latest - now) / static_cast<double>(options.partition_micros);
    if (partitions <= options.max_open_files) continue;
    peak.bytes = std::max(peak.bytes, waiting);
    peak.partitions = std::max(peak.partitions, partitions);
  }
  return peak;
}

}  // namespace

bool MayHoldRowsOf(const plan::TimeWindow& window, const plan::SourceFile& file) {
  return !(file.watermark_min && *file.watermark_min > window.end.micros) &&
         !(file.watermark_max && *file.watermark_max <= window.start.micros);
}

std::vector<int64_t> CutIntoSlices(const std::vector<plan::SourceFile>& files,
                                   const plan::TimeWindow& window, const SliceOptions& options) {
  const std::vector<Mass> masses = MassOf(files, window);
  const Peak peak = FindPeak(masses, options);
  // Enough that one of the two is no longer short.
  const double wanted = std::ceil(
      std::min(peak.bytes / static_cast<double>(std::max<int64_t>(options.memory_bytes, 1)),
               peak.partitions / std::max(options.max_open_files, 1)));
  const int slices = static_cast<int>(std::clamp<double>(wanted, 1, kMaxSlices));
  std::vector<int64_t> cuts;
  if (slices < 2) return cuts;

  // Equal bytes a slice: walk over the density of all files.
  std::vector<std::pair<double, double>> changes;  // (time, change of density)
  double total = 0;
  for (const Mass& mass : masses) {
    if (mass.end <= mass.begin) continue;
    const double density = mass.bytes / (mass.end - mass.begin);
    changes.emplace_back(mass.begin, density);
    changes.emplace_back(mass.end, -density);
    total += mass.bytes;
  }
  std::sort(changes.begin(), changes.end());
  double passed = 0, density = 0, now = 0;
  for (const auto& [time, change] : changes) {
    const double ahead = density * (time - now);
    while (static_cast<int>(cuts.size()) + 1 < slices) {
      const double quota = total * static_cast<double>(cuts.size() + 1) / slices;
      if (density <= 0 || passed + ahead < quota) break;
      cuts.push_back(static_cast<int64_t>(now + (quota - passed) / density));
    }
    passed += ahead;
    density += change;
    now = time;
  }
  return cuts;
}

}  // namespace sluice::transfer
