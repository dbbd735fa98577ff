#include "sluice/transfer/partition_index.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::transfer {
namespace {

constexpr int64_t kHour = Hours(1).micros;
constexpr int64_t kDay = Days(1).micros;

int64_t FloorMod(int64_t a, int64_t b) {
  const int64_t rest = a % b;
  return rest < 0 ? rest + b : rest;
}

int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

/// Local time less UTC at an instant, in micros.
int64_t OffsetAt(const TimeZone& zone, int64_t micros) {
  const CivilTime civil = zone.ToCivil(Timestamp{micros});
  const int64_t day = DaysFromCivil(civil.year, civil.month, civil.day);
  const int64_t seconds = civil.hour * int64_t{3600} + civil.minute * 60 + civil.second;
  return day * kDay + seconds * 1'000'000 + civil.micros - micros;
}

/// The instant in (before, after] from which on the offset differs from the one at `before`, or
/// equals the one at `after`: the only change of offset between the two.
int64_t ChangeBetween(const TimeZone& zone, int64_t before, int64_t after) {
  const int64_t offset = OffsetAt(zone, before);
  while (after - before > 1) {
    const int64_t middle = before + (after - before) / 2;
    (OffsetAt(zone, middle) == offset ? before : after) = middle;
  }
  return after;
}

/// The longest stretch around `t` in which the clock of `zone` shows the same hour or day.
PartitionSpan SpanOfClock(const TimeZone& zone, int64_t unit, Timestamp t) {
  const int64_t offset = OffsetAt(zone, t.micros);
  const int64_t into = FloorMod(FloorMod(t.micros, unit) + offset, unit);
  PartitionSpan span;
  span.begin = SaturatingAdd(t.micros, -into);
  span.end = SaturatingAdd(t.micros, unit - into);
  // Within an hour or a day the offset changes at most once on either side of `t`; where it does,
  // the reading of the clock is not continuous and the span stops.
  if (OffsetAt(zone, span.begin) != offset) {
    span.begin = ChangeBetween(zone, span.begin, t.micros);
  }
  if (OffsetAt(zone, span.end - 1) != offset) {
    span.end = ChangeBetween(zone, t.micros, span.end - 1);
  }
  return span;
}

}  // namespace

PartitionIndex::PartitionIndex(plan::Partitioning partitioning)
    : partitioning_(std::move(partitioning)) {}

PartitionSpan PartitionIndex::SpanOf(Timestamp t) {
  using Kind = plan::Partitioning::Kind;
  PartitionSpan span;
  if (partitioning_.kind == Kind::kSnapshot) {
    span.begin = std::numeric_limits<int64_t>::min();
    span.end = std::numeric_limits<int64_t>::max();
  } else {
    const int64_t unit = partitioning_.kind == Kind::kHour ? kHour : kDay;
    span = SpanOfClock(partitioning_.timezone, unit, t);
  }
  std::string folder = plan::PartitionFolder(t, partitioning_);
  const MutexLock lock(mutex_);
  const auto [entry, fresh] = numbers_.emplace(folder, static_cast<int>(folders_.size()));
  span.partition = entry->second;
  if (fresh) {
    folders_.push_back(std::move(folder));
    ends_.push_back(span.end);
  }
  int64_t& end = ends_[static_cast<size_t>(span.partition)];
  end = std::max(end, span.end);
  return span;
}

const std::string& PartitionIndex::folder(int partition) const {
  const MutexLock lock(mutex_);
  return folders_[static_cast<size_t>(partition)];
}

int64_t PartitionIndex::end(int partition) const {
  const MutexLock lock(mutex_);
  return ends_[static_cast<size_t>(partition)];
}

PartitionSpan PartitionLookup::FindSpan(int64_t micros) {
  const int64_t hour = micros / kHour - (micros % kHour < 0 ? 1 : 0);
  std::vector<PartitionSpan>& spans = known_[hour];
  for (const PartitionSpan& span : spans) {
    if (span.Contains(micros)) return span;
  }
  spans.push_back(index_.SpanOf(Timestamp{micros}));
  return spans.back();
}

}  // namespace sluice::transfer
