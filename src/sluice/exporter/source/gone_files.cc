#include "sluice/exporter/source/gone_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "sluice/delta/read/data_file.h"
#include "sluice/delta/read/data_path.h"
#include "sluice/delta/read/deletion_vector.h"
#include "sluice/runtime/executor.h"

namespace sluice::exporter {
namespace {

constexpr int kRequestsAtOnce = 16;
/// Names of files held at a time, however many versions a feed has.
constexpr size_t kFilesAtOnce = 1024;

/// Goes over the files of a feed, version by version, and keeps what is gone.
class LostFiles {
 public:
  LostFiles(const Session& session, const delta::Snapshot& snapshot) : session_(session) {
    for (const auto& file : snapshot.files) {
      live_.insert(file.path);
      if (file.deletion_vector) live_.insert(file.deletion_vector->path_or_inline_dv);
    }
  }

  Status Add(const delta::CommitChanges& changes) {
    for (const auto& file : changes.files) {
      if (!live_.contains(file.path)) {
        SLUICE_ASSIGN_OR_RETURN(const auto address,
                                delta::ResolvePath(file.path, *session_.source));
        // Reading a file elsewhere says what is wrong with it.
        if (address.relative) waiting_.push_back({changes.version, address.key_or_uri});
      }
      for (const auto& vector : {file.rows.hidden, file.rows.only}) {
        if (!vector || vector->storage_type != 'u') continue;
        if (live_.contains(vector->path_or_inline_dv)) continue;
        SLUICE_ASSIGN_OR_RETURN(auto key, delta::DeletionVectorKey(vector->path_or_inline_dv));
        waiting_.push_back({changes.version, std::move(key)});
      }
    }
    return waiting_.size() < kFilesAtOnce ? Status() : Look();
  }

  Status Look() {
    SLUICE_ASSIGN_OR_RETURN(const auto gone, FindGone(session_, waiting_));
    for (const auto& file : gone) {
      if (versions_.empty()) example_ = file.key;
      versions_.insert(file.version);
    }
    files_ += gone.size();
    waiting_.clear();
    return {};
  }

  const std::set<Version>& versions() const { return versions_; }
  size_t files() const { return files_; }
  const store::Key& example() const { return example_; }

 private:
  const Session& session_;
  std::unordered_set<std::string_view> live_;  ///< paths and vectors, as in the log
  std::vector<NamedFile> waiting_;
  std::set<Version> versions_;
  size_t files_ = 0;
  store::Key example_;  ///< of the first version that has lost one
};

/// The first version after those that lost their changes; nullopt: none up to the latest.
std::optional<Version> FirstReadable(const delta::Snapshot& snapshot, const delta::FeedRange& range,
                                     Version last_lost) {
  if (last_lost < range.last) return Next(last_lost);
  if (range.cut) return range.cut->resume;
  if (last_lost < snapshot.version) return Next(last_lost);
  return std::nullopt;
}

}  // namespace

Result<std::vector<NamedFile>> FindGone(const Session& session,
                                        const std::vector<NamedFile>& files) {
  std::vector<char> is_gone(files.size(), 0);
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
      files.size(), kRequestsAtOnce, session.services->cancel, [&](size_t i) -> Status {
        const auto head = session.source->Head(files[i].key);
        if (head) return {};
        if (head.error().kind != ErrorKind::kNotFound) return Fail(head.error());
        is_gone[i] = 1;
        return {};
      }));
  std::vector<NamedFile> gone;
  for (size_t i = 0; i < files.size(); ++i) {
    if (is_gone[i] != 0) gone.push_back(files[i]);
  }
  return gone;
}

std::string VersionsText(const std::set<Version>& versions) {
  constexpr size_t kShown = 5;
  if (versions.empty()) return "no version";
  const int64_t first = versions.begin()->value, last = versions.rbegin()->value;
  const auto count = static_cast<int64_t>(versions.size());
  if (count == 1) return fmt::format("version {}", first);
  if (count == 2) return fmt::format("versions {} and {}", first, last);
  if (last - first + 1 == count) return fmt::format("versions {} to {}", first, last);
  std::vector<int64_t> shown;
  for (const Version version : versions) {
    if (shown.size() == kShown) break;
    shown.push_back(version.value);
  }
  std::string text = fmt::format("versions {}", fmt::join(shown, ", "));
  if (versions.size() > kShown) text += fmt::format(" and {} more", versions.size() - kShown);
  return text;
}

Result<std::optional<LostChanges>> FindLostChanges(const Session& session,
                                                   const delta::Snapshot& snapshot,
                                                   const delta::FeedRange& range) {
  LostFiles lost(session, snapshot);
  SLUICE_RETURN_IF_ERROR(delta::VisitChanges(
      *session.log, range,
      [&](const delta::CommitChanges& changes) -> Status { return lost.Add(changes); }));
  SLUICE_RETURN_IF_ERROR(lost.Look());
  if (lost.versions().empty()) return std::optional<LostChanges>();
  const auto resume = FirstReadable(snapshot, range, *lost.versions().rbegin());
  Error error;
  error.kind = ErrorKind::kSourceGone;
  error.message = fmt::format(
      "the changes of {} are lost: {} of their files {} there any more, the first of them {}; {}",
      VersionsText(lost.versions()), lost.files(), lost.files() == 1 ? "is not" : "are not",
      session.source->DisplayName(lost.example()),
      resume ? fmt::format("the first version from which the change data feed can be read is {}",
                           resume->value)
             : fmt::format("no version up to the latest, {}, can be read after them",
                           snapshot.version.value));
  error.remedy = fmt::format(
      "start again from a snapshot: `sluice run {} --reseed`; run more often than the source is "
      "vacuumed, or keep its files longer (delta.deletedFileRetentionDuration)",
      session.name());
  return std::optional(LostChanges{*lost.versions().begin(), std::move(error)});
}

}  // namespace sluice::exporter
