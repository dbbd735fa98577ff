#include "sluice/plan/output_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sluice/plan/spark_timestamp.h"

namespace sluice::plan {
namespace {

constexpr std::string_view kFilePrefix = "sluice-";
constexpr std::string_view kFileSuffix = ".parquet";
constexpr std::string_view kSnapshotPrefix = "snapshot_ts=";
constexpr size_t kAttemptDigits = 16;

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Digits up to the first other character; nullopt if there are none or too many for int64.
std::optional<int64_t> TakeNumber(std::string_view& text) {
  int64_t value = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// What a folder of either partitioning says: the civil time at which it begins.
struct FolderTime {
  CivilTime begin;
  config::Partition partition = config::Partition::kDaily;
};

/// "2026-01-31" from the beginning of `text`.
std::optional<CivilTime> TakeDate(std::string_view& text) {
  const auto year = TakeNumber(text);
  if (!year || *year > 9999 || !TakePrefix(text, "-")) return std::nullopt;
  const auto month = TakeNumber(text);
  if (!month || *month < 1 || *month > 12 || !TakePrefix(text, "-")) return std::nullopt;
  const auto day = TakeNumber(text);
  if (!day || *day < 1 || *day > 31) return std::nullopt;
  CivilTime date;
  date.year = *year;
  date.month = static_cast<int>(*month);
  date.day = static_cast<int>(*day);
  return date;
}

std::optional<FolderTime> ParseFolder(std::string_view folder) {
  FolderTime parsed;
  if (!TakePrefix(folder, "dt=")) return std::nullopt;
  const auto date = TakeDate(folder);
  if (!date) return std::nullopt;
  parsed.begin = *date;
  if (folder.empty()) return parsed;
  if (!TakePrefix(folder, "/hr=")) return std::nullopt;
  const auto hour = TakeNumber(folder);
  if (!hour || *hour > 23 || !folder.empty()) return std::nullopt;
  parsed.begin.hour = static_cast<int>(*hour);
  parsed.partition = config::Partition::kHourly;
  return parsed;
}

/// The civil time at which the folder after `time` begins.
CivilTime NextCivil(const FolderTime& time) {
  CivilTime next = time.begin;
  if (time.partition == config::Partition::kHourly && next.hour < 23) {
    ++next.hour;
    return next;
  }
  const CivilTime day = CivilFromDays(DaysFromCivil(next.year, next.month, next.day) + 1);
  return day;
}

}  // namespace

std::string DataFolder(config::Pattern pattern, std::string_view name) {
  switch (pattern) {
    case config::Pattern::kAppend:
      return fmt::format("{}_incremental/", name);
    case config::Pattern::kCdc:
      return fmt::format("{}_cdc/", name);
    case config::Pattern::kSnapshot:
      return fmt::format("{}/", name);
  }
  return fmt::format("{}/", name);
}

std::vector<std::string> DataFolders(config::Pattern pattern, std::string_view name) {
  std::vector<std::string> folders{DataFolder(pattern, name)};
  if (pattern == config::Pattern::kCdc) {
    folders.push_back(DataFolder(config::Pattern::kSnapshot, name));
  }
  return folders;
}

std::string PartitionFolder(Timestamp watermark, config::Partition partition,
                            const TimeZone& zone) {
  std::string folder = "dt=" + FormatDate(watermark, zone);
  if (partition == config::Partition::kHourly) folder += "/hr=" + FormatHour(watermark, zone);
  return folder;
}

std::string CommitDateFolder(Timestamp commit, const TimeZone& zone) {
  return "_commit_date=" + FormatDate(commit, zone);
}

std::string SnapshotFolder(Timestamp at) {
  const CivilTime c = TimeZone::Utc().ToCivil(at);
  return fmt::format("{}{:04}-{:02}-{:02}T{:02}-{:02}-{:02}Z", kSnapshotPrefix, c.year, c.month,
                     c.day, c.hour, c.minute, c.second);
}

std::optional<Timestamp> ParseSnapshotFolder(std::string_view folder) {
  const std::string_view whole = folder;
  if (!TakePrefix(folder, kSnapshotPrefix)) return std::nullopt;
  auto time = TakeDate(folder);
  if (!time || !TakePrefix(folder, "T")) return std::nullopt;
  const auto hour = TakeNumber(folder);
  if (!hour || *hour > 23 || !TakePrefix(folder, "-")) return std::nullopt;
  const auto minute = TakeNumber(folder);
  if (!minute || *minute > 59 || !TakePrefix(folder, "-")) return std::nullopt;
  const auto second = TakeNumber(folder);
  if (!second || *second > 59 || folder != "Z") return std::nullopt;
  time->hour = static_cast<int>(*hour);
  time->minute = static_cast<int>(*minute);
  time->second = static_cast<int>(*second);
  const Timestamp at = TimeZone::Utc().ToInstant(*time);
  if (SnapshotFolder(at) != whole) return std::nullopt;
  return at;
}

store::Key SuccessKey(std::string_view data_folder, std::string_view partition) {
  return fmt::format("{}{}/_SUCCESS", data_folder, partition);
}

std::string PartitionFolder(Timestamp instant, const Partitioning& partitioning) {
  switch (partitioning.kind) {
    case Partitioning::Kind::kHour:
      return PartitionFolder(instant, config::Partition::kHourly, partitioning.timezone);
    case Partitioning::Kind::kDay:
      return PartitionFolder(instant, config::Partition::kDaily, partitioning.timezone);
    case Partitioning::Kind::kCommitDate:
      return CommitDateFolder(instant, partitioning.timezone);
    case Partitioning::Kind::kSnapshot:
      return partitioning.snapshot;
  }
  return partitioning.snapshot;
}

bool IsPartitionFolder(std::string_view folder, config::Pattern pattern) {
  switch (pattern) {
    case config::Pattern::kAppend:
      return PartitionEnd(folder, TimeZone::Utc()).has_value();
    case config::Pattern::kCdc: {
      if (!TakePrefix(folder, "_commit_date=")) return ParseSnapshotFolder(folder).has_value();
      const auto date = TakeDate(folder);
      return date && folder.empty();
    }
    case config::Pattern::kSnapshot:
      return ParseSnapshotFolder(folder).has_value();
  }
  return false;
}

std::optional<Timestamp> PartitionEnd(std::string_view folder, const TimeZone& zone) {
  const auto parsed = ParseFolder(folder);
  if (!parsed) return std::nullopt;
  const Timestamp begin = zone.ToInstant(parsed->begin);
  // Any other spelling (dt=2026-1-1, dt=2026-02-30) is not a folder of ours. A folder whose hour falls
  // into a gap of the zone has no row either.
  if (PartitionFolder(begin, parsed->partition, zone) != folder) return std::nullopt;
  // Where a clock is set back by more than a partition, a folder's hours come twice with others in
  // between: the end is that of the last time.
  constexpr Duration kStep = Minutes(15);
  constexpr Duration kLongestOverlap = Hours(26);
  const Timestamp first_end = zone.ToInstant(NextCivil(*parsed));
  Timestamp last = first_end - Duration{1};
  for (Timestamp t = first_end; t <= first_end + kLongestOverlap; t = t + kStep) {
    if (PartitionFolder(t, parsed->partition, zone) == folder) last = t;
  }
  // The end lies within a step after the last instant that is known to be inside.
  Timestamp inside = last;
  Timestamp outside = last + kStep;
  while (outside - inside > Duration{1}) {
    const Timestamp middle = inside + Duration{(outside - inside).micros / 2};
    (PartitionFolder(middle, parsed->partition, zone) == folder ? inside : outside) = middle;
  }
  return outside;
}

std::optional<Timestamp> PartitionBegin(std::string_view folder, const TimeZone& zone) {
  const auto parsed = ParseFolder(folder);
  if (!parsed) return std::nullopt;
  const Timestamp begin = zone.ToInstant(parsed->begin);
  const auto inside_at = [&](Timestamp t) {
    return PartitionFolder(t, parsed->partition, zone) == folder;
  };
  if (!inside_at(begin)) return std::nullopt;
  // A clock may have been set back, or forward over the folder's first reading.
  constexpr Duration kStep = Minutes(15);
  constexpr Duration kLongestOverlap = Hours(26);
  Timestamp inside = begin;
  for (Timestamp t = begin - kLongestOverlap; t < begin; t = t + kStep) {
    if (!inside_at(t)) continue;
    inside = t;
    break;
  }
  Timestamp outside = inside - kStep;
  while (inside - outside > Duration{1}) {
    const Timestamp middle = outside + Duration{(inside - outside).micros / 2};
    (inside_at(middle) ? inside : outside) = middle;
  }
  return inside;
}

std::vector<std::string> PartitionColumns(config::Pattern pattern, config::Partition partition) {
  switch (pattern) {
    case config::Pattern::kAppend:
      if (partition == config::Partition::kHourly) return {"dt", "hr"};
      return {"dt"};
    case config::Pattern::kCdc:
      return {"_commit_date", "snapshot_ts"};  // of the feed, and of its seed
    case config::Pattern::kSnapshot:
      return {"snapshot_ts"};
  }
  return {};
}

std::string FormatDataFileName(const DataFileName& name) {
  return fmt::format("{}{:08}-{}-{:05}{}", kFilePrefix, name.n, name.attempt, name.ordinal,
                     kFileSuffix);
}

std::optional<DataFileName> ParseDataFileName(std::string_view file) {
  const std::string_view whole = file;
  DataFileName name;
  if (!TakePrefix(file, kFilePrefix)) return std::nullopt;
  const auto n = TakeNumber(file);
  if (!n || !TakePrefix(file, "-") || file.size() < kAttemptDigits) return std::nullopt;
  name.n = *n;
  name.attempt = std::string(file.substr(0, kAttemptDigits));
  if (!std::all_of(name.attempt.begin(), name.attempt.end(), IsHex)) return std::nullopt;
  file.remove_prefix(kAttemptDigits);
  if (!TakePrefix(file, "-")) return std::nullopt;
  const auto ordinal = TakeNumber(file);
  if (!ordinal || file != kFileSuffix) return std::nullopt;
  name.ordinal = *ordinal;
  // Only one spelling of each number is ours: too few or needless zeros are not.
  if (FormatDataFileName(name) != whole) return std::nullopt;
  return name;
}

}  // namespace sluice::plan
