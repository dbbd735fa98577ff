#include "sluice/exporter/inspect/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string_view>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/log/row_tracking.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/snapshot/load_snapshot.h"

namespace sluice::exporter {
namespace {

using delta::Field;
using delta::TypeId;

/// Tables up to this size are sent whole without a second thought.
constexpr int64_t kSmallBytes = int64_t{1} << 30;
/// The number of latest commits that show how a table is written.
constexpr int64_t kRecentCommits = 50;

/// Columns whose value says when a row arrived, likeliest first: those that the guide names, and the usual.
constexpr std::array<std::string_view, 16> kArrivalNames{
    "event_timestamp", "event_time",   "created_at", "ingestion_time",
    "_etl_loaded_at",  "ingested_at",  "loaded_at",  "inserted_at",
    "occurred_at",     "created_time", "created_ts", "event_ts",
    "timestamp",       "ts",           "event_date", "created_date"};
/// Parts of names of columns that change with a row, or that say nothing about when it arrived.
constexpr std::array<std::string_view, 8> kOtherTimes{"updat", "modif", "delet", "expir",
                                                      "birth", "last_", "valid", "until"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool IsTime(const Field& field) {
  return field.type.id == TypeId::kTimestamp || field.type.id == TypeId::kTimestampNtz ||
         field.type.id == TypeId::kDate;
}

/// Lower is likelier to say when a row arrived; nullopt for a column that changes with the row.
std::optional<size_t> Rank(const Field& field) {
  const std::string name = Lower(field.name);
  const auto known = std::find(kArrivalNames.begin(), kArrivalNames.end(), name);
  if (known != kArrivalNames.end()) {
    return static_cast<size_t>(known - kArrivalNames.begin());
  }
  for (const auto part : kOtherTimes) {
    if (name.find(part) != std::string::npos) return std::nullopt;
  }
  return kArrivalNames.size() + (field.type.id == TypeId::kDate ? 1 : 0);
}

const Field* LikeliestWatermark(const std::vector<Field>& candidates) {
  const Field* best = nullptr;
  std::optional<size_t> best_rank;
  for (const auto& field : candidates) {
    const auto rank = Rank(field);
    if (rank && (!best_rank || *rank < *best_rank)) {
      best = &field;
      best_rank = rank;
    }
  }
  return best;
}

/// Where the watermarks begin, in micros.
struct Oldest {
  std::optional<int64_t> usual;  ///< of the files that hold no odd value
  std::optional<int64_t> odd;    ///< decades before the last commit: a sentinel or a mistake
};

/// By the statistics; nothing unless every file has them.
Oldest FindOldest(const TableProfile& profile, const Field& watermark) {
  constexpr Duration kUsualAge = Days(20 * 365);
  size_t column = 0;
  while (profile.candidates[column].name != watermark.name) ++column;
  const int64_t least = (profile.snapshot.committed - kUsualAge).micros;
  Oldest oldest;
  for (const auto& file : profile.snapshot.files) {
    if (file.stats.columns.size() <= column) return {};
    const auto* min = std::get_if<int64_t>(&file.stats.columns[column].min);
    if (min == nullptr) return {};
    const int64_t micros = watermark.type.id == TypeId::kDate ? Days(*min).micros : *min;
    auto& smallest = micros < least ? oldest.odd : oldest.usual;
    smallest = std::min(smallest.value_or(micros), micros);
  }
  return oldest;
}

/// `start` is exclusive, so a row at a full hour needs the hour before it.
Timestamp HourBefore(int64_t micros) {
  const int64_t before = micros - 1;
  const int64_t into_hour = (before % Hours(1).micros + Hours(1).micros) % Hours(1).micros;
  return Timestamp{before - into_hour};
}

std::string HowLarge(const delta::Snapshot& snapshot) {
  const double mebibytes = static_cast<double>(snapshot.total_bytes) / (1 << 20);
  if (mebibytes < 1) return "under 1 MiB";
  return mebibytes < 1024 ? fmt::format("{:.0f} MiB", mebibytes)
                          : fmt::format("{:.1f} GiB", mebibytes / 1024);
}

Suggestion SuggestSnapshot(const TableProfile& profile, std::string why) {
  Suggestion suggestion;
  suggestion.pattern = config::Pattern::kSnapshot;
  suggestion.reason = std::move(why);
  suggestion.reason += profile.snapshot.total_bytes <= kSmallBytes
                           ? fmt::format(", and it is small ({})", HowLarge(profile.snapshot))
                           : fmt::format(
                                 "; at {} a run, turning the change data feed on and "
                                 "pattern cdc would cost less",
                                 HowLarge(profile.snapshot));
  return suggestion;
}

}  // namespace

Suggestion SuggestPattern(const TableProfile& profile) {
  if (delta::PropertiesOf(profile.snapshot.metadata).change_data_feed) {
    Suggestion suggestion;
    suggestion.pattern = config::Pattern::kCdc;
    suggestion.reason = "its change data feed is on";
    return suggestion;
  }
  if (!profile.changing.empty() &&
      delta::TracksRows(profile.snapshot.protocol, profile.snapshot.metadata)) {
    Suggestion suggestion;
    suggestion.pattern = config::Pattern::kCdc;
    suggestion.reason = fmt::format(
        "its rows are changed or deleted ({}), and row tracking, which is on, tells how",
        fmt::join(profile.changing, ", "));
    return suggestion;
  }
  if (!profile.changing.empty()) {
    return SuggestSnapshot(profile, fmt::format("its rows are changed or deleted ({}) without a "
                                                "change data feed",
                                                fmt::join(profile.changing, ", ")));
  }
  const Field* watermark = LikeliestWatermark(profile.candidates);
  if (watermark == nullptr) {
    return SuggestSnapshot(profile, "no column says when a row arrived");
  }
  Suggestion suggestion;
  suggestion.pattern = config::Pattern::kAppend;
  suggestion.watermark = watermark->name;
  suggestion.reason =
      fmt::format("its recent commits only add rows, and {} ({}) may say when a row arrived",
                  watermark->name, watermark->type.ToString());
  const Oldest oldest = FindOldest(profile, *watermark);
  if (oldest.usual) suggestion.before_first = HourBefore(*oldest.usual);
  if (oldest.odd) suggestion.older = Timestamp{*oldest.odd};
  return suggestion;
}

Result<TableProfile> ProfileTable(const delta::Log& log) {
  TableProfile profile;
  delta::SnapshotOptions without_files;
  without_files.with_files = false;
  SLUICE_ASSIGN_OR_RETURN(profile.snapshot, delta::LoadSnapshot(log, without_files));
  delta::SnapshotOptions options;
  options.at = profile.snapshot.version;
  for (const auto& field : profile.snapshot.metadata.schema.fields) {
    if (!IsTime(field)) continue;
    profile.candidates.push_back(field);
    options.stats_columns.push_back(field.name);
  }
  SLUICE_ASSIGN_OR_RETURN(profile.snapshot, delta::LoadSnapshot(log, options));
  SLUICE_ASSIGN_OR_RETURN(const auto listing, log.List());
  const int64_t oldest = profile.snapshot.version.value - kRecentCommits;
  for (const auto& file : listing.commits) {
    if (file.version.value <= oldest || file.version > profile.snapshot.version) continue;
    SLUICE_ASSIGN_OR_RETURN(const auto commit, log.ReadCommit(file.version));
    const bool takes_rows = std::any_of(commit.removes.begin(), commit.removes.end(),
                                        [](const auto& remove) { return remove.data_change; });
    if (takes_rows) {
      profile.changing.insert(commit.info && !commit.info->operation.empty()
                                  ? commit.info->operation
                                  : "an unnamed operation");
    }
  }
  return profile;
}

Result<std::vector<std::string>> FindDeltaTables(const store::ObjectStore& store,
                                                 const runtime::CancelToken& cancel) {
  std::vector<std::string> found, open{""};
  while (!open.empty()) {
    SLUICE_RETURN_IF_ERROR(cancel.Check());
    const std::string folder = std::move(open.back());
    open.pop_back();
    const std::string prefix = folder.empty() ? "" : folder + "/";
    SLUICE_ASSIGN_OR_RETURN(const auto below, store.ListFolders(prefix));
    if (std::find(below.begin(), below.end(), "_delta_log") != below.end()) {
      found.push_back(folder);
      continue;
    }
    for (const auto& name : below) {
      const bool searched =
          !name.starts_with('.') && !name.starts_with('_') && name.find('=') == std::string::npos;
      if (searched) open.push_back(prefix + name);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace sluice::exporter
