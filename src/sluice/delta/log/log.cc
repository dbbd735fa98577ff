#include "sluice/delta/log/log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/log/ratified_log.h"
#include "sluice/delta/schema/json_object.h"

namespace sluice::delta {
namespace {

// Spark's order: of one version, v2 checkpoints before multi-part ones before single files.
bool IsLessWanted(const CheckpointFile& a, const CheckpointFile& b) {
  const auto rank = [](const CheckpointFile& file) {
    return std::tuple(file.version, file.named, file.parts.size());
  };
  return rank(a) < rank(b);
}

// Sorts what a listing shows into commits and complete checkpoints.
class ListingBuilder {
 public:
  void Take(const store::ObjectInfo& object) {
    const auto name = ParseLogKey(object.key);
    if (!name) return;
    switch (name->kind) {
      case LogFileKind::kCommit:
        listing_.commits.push_back(
            CommitFile{name->version, object.size, object.modified, object.etag});
        break;
      case LogFileKind::kCheckpoint:
        listing_.checkpoints.push_back(
            CheckpointFile{name->version, {object.key}, object.size, false});
        break;
      case LogFileKind::kNamedCheckpoint:
        listing_.checkpoints.push_back(
            CheckpointFile{name->version, {object.key}, object.size, true});
        break;
      case LogFileKind::kCheckpointPart:
        parts_[{name->version, name->parts}].push_back(object.key);
        break;
      case LogFileKind::kCompacted:
        listing_.compacted.push_back(CompactedFile{name->version, name->last, object.size});
        break;
    }
  }

  LogListing Finish(bool from_start) && {
    listing_.from_start = from_start;
    for (auto& [id, keys] : parts_) {
      // Part numbers are unique and within range, so that the count tells completeness.
      if (static_cast<int64_t>(keys.size()) != id.second) continue;
      listing_.checkpoints.push_back(CheckpointFile{id.first, std::move(keys), 0, false});
    }
    std::stable_sort(listing_.checkpoints.begin(), listing_.checkpoints.end(), IsLessWanted);
    return std::move(listing_);
  }

 private:
  LogListing listing_;
  std::map<std::pair<Version, int64_t>, std::vector<store::Key>> parts_;
};

// Everything in the log folder that begins with a digit; sub-folders and hidden files come after or
// before it.
Result<LogListing> ListFolder(const store::ObjectStore& store, std::optional<Version> from) {
  const bool from_start = !from || from->value <= 0;
  const store::Key after = from_start ? store::Key() : LogKeyBefore(*from);
  ListingBuilder builder;
  SLUICE_RETURN_IF_ERROR(
      store.List(store::Key(kLogFolder), after, [&](const store::ObjectInfo& object) {
        if (object.key.size() > kLogFolder.size() && object.key[kLogFolder.size()] > '9') {
          return false;
        }
        builder.Take(object);
        return true;
      }));
  return std::move(builder).Finish(from_start);
}

struct Hint {
  Version version;
  store::Key named;  ///< the v2 checkpoint that it names; "" for others
};

// The v2 checkpoint of `version` that `root` names; "" where it names none.
store::Key NamedIn(const JsonObject& root, Version version) {
  const auto json = root.Get("v2Checkpoint");
  if (!json) return {};
  const auto object = JsonObject::From(*json, "v2Checkpoint");
  if (!object) return {};
  const auto path = object->String("path");
  if (!path || !*path) return {};
  store::Key key = store::Key(kLogFolder) + (*path)->substr((*path)->rfind('/') + 1);
  const auto name = ParseLogKey(key);
  const bool fits = name && name->kind == LogFileKind::kNamedCheckpoint && name->version == version;
  return fits ? key : store::Key();
}

std::optional<Hint> ParseHint(std::string_view text) {
  JsonParser parser;
  const auto root = parser.Parse(text, "_last_checkpoint");
  if (!root) return std::nullopt;
  const auto object = JsonObject::From(*root, "_last_checkpoint");
  if (!object) return std::nullopt;
  const auto version = object->Int64("version");
  if (!version || !*version || **version < 0) return std::nullopt;
  return Hint{Version{**version}, NamedIn(*object, Version{**version})};
}

// The text of the hint, nothing of one that is too large: it is not even fetched. Other than what lies in the
// log for good, the hint may be replaced while it is read.
Result<std::string> HintText(const store::ObjectStore& store) {
  constexpr int kTries = 3;
  for (int left = kTries;; --left) {
    SLUICE_ASSIGN_OR_RETURN(const auto hint, store.Open(LastCheckpointKey()));
    if (hint->size() > kMostHintBytes) return std::string();
    std::string text(static_cast<size_t>(hint->size()), '\0');
    const Status read = hint->ReadAt(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    if (read) return text;
    if (left <= 1 || read.error().kind != ErrorKind::kConflict) return Fail(read.error());
  }
}

// What `_last_checkpoint` says; nullopt for any reason not to believe it. Only a failure that the listing would
// meet, too, is an error.
Result<std::optional<Hint>> ReadHint(const store::ObjectStore& store) {
  const auto text = HintText(store);
  if (text) return ParseHint(*text);
  if (text.error().kind == ErrorKind::kTransient || text.error().kind == ErrorKind::kCancelled) {
    return Fail(text.error());
  }
  return std::optional<Hint>();
}

// Makes the checkpoint that the hint names the first choice among those of its version.
void Prefer(const Hint& hint, std::vector<CheckpointFile>& checkpoints) {
  const auto named = std::find_if(
      checkpoints.begin(), checkpoints.end(),
      [&](const CheckpointFile& file) { return file.named && file.parts[0] == hint.named; });
  if (named == checkpoints.end()) return;
  const auto end = std::find_if(named, checkpoints.end(), [&](const CheckpointFile& file) {
    return file.version != hint.version;
  });
  std::rotate(named, std::next(named), end);
}

struct Gap {
  int64_t first, last;  // inclusive
};

std::string DescribeGaps(const std::vector<Gap>& gaps) {
  constexpr size_t kShown = 5;
  std::vector<std::string> parts;
  for (size_t i = 0; i < gaps.size() && i < kShown; ++i) {
    parts.push_back(gaps[i].first == gaps[i].last
                        ? fmt::format("{}", gaps[i].first)
                        : fmt::format("{} to {}", gaps[i].first, gaps[i].last));
  }
  if (gaps.size() > kShown) parts.emplace_back("more");
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

Status RequireFits(int64_t size, int64_t most, std::string_view name) {
  if (size <= most) return {};
  return Fail(Error{ErrorKind::kCorrupt,
                    fmt::format("{}: {} bytes; sluice reads up to {}", name, size, most),
                    "if its writer really made it so large, export a copy of the table; nothing of "
                    "it was exported"});
}

Error NoTable(std::string_view table) {
  return Error{ErrorKind::kNotFound,
               fmt::format("{} is not a Delta table: no commit in {}", table, kLogFolder),
               "check the path; it must be the folder that holds _delta_log"};
}

Log::Log(std::shared_ptr<store::ObjectStore> table_store, CommitAuthority authority)
    : store_(std::move(table_store)), authority_(authority) {}

Log::Log(std::shared_ptr<store::ObjectStore> table_store, StagedCommits staged)
    : store_(std::move(table_store)),
      authority_(CommitAuthority::kCatalog),
      staged_(std::make_shared<const StagedCommits>(std::move(staged))) {}

std::optional<Version> Log::ratified_latest() const {
  return staged_ ? std::optional(staged_->latest) : std::nullopt;
}

std::string Log::NameOf(Version version) const {
  const StagedCommit* const staged = staged_ ? FindStaged(*staged_, version) : nullptr;
  if (staged == nullptr) return store_->DisplayName(CommitKey(version));
  if (staged->text) return store_->DisplayName(CommitKey(version)) + " (sent by the catalog)";
  return store_->DisplayName(StagedCommitKey(staged->file_name));
}

Result<LogListing> Log::ListFrom(std::optional<Version> from) const {
  SLUICE_ASSIGN_OR_RETURN(LogListing listing, ListFolder(*store_, from));
  if (staged_) {
    SLUICE_RETURN_IF_ERROR(ApplyCatalog(*staged_, from, store_->DisplayName(""), listing));
  }
  return listing;
}

Result<LogListing> Log::List(std::optional<Version> from) const {
  // One version earlier, so that a hole at `from` itself can be told from a log whose beginning was
  // cleaned up.
  if (from && from->value > 0) from = Version{from->value - 1};
  return ListFrom(from);
}

Result<LogListing> Log::ListForSnapshot(std::optional<Version> at) const {
  SLUICE_ASSIGN_OR_RETURN(const auto hint, ReadHint(*store_));
  const bool usable = hint && hint->version.value > 0 && (!at || hint->version <= *at) &&
                      (!staged_ || hint->version <= staged_->latest);
  if (usable) {
    SLUICE_ASSIGN_OR_RETURN(LogListing listing, ListFrom(hint->version));
    if (!listing.checkpoints.empty() && (!at || listing.checkpoints.front().version <= *at)) {
      Prefer(*hint, listing.checkpoints);
      return listing;
    }
  }
  return ListFrom(std::nullopt);
}

Result<std::optional<CommitFile>> Log::FindNewest(Version from) const {
  if (staged_) {
    if (staged_->latest < from) return std::nullopt;
    from = staged_->latest;
    if (const StagedCommit* newest = FindStaged(*staged_, from)) return ToCommitFile(*newest);
  }
  SLUICE_ASSIGN_OR_RETURN(LogListing listing, ListFrom(from));
  if (listing.commits.empty()) return std::nullopt;
  return std::optional(std::move(listing.commits.back()));
}

Result<Commit> Log::ReadCommit(Version version) const {
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ReadCommitText(version));
  return ParseCommit(version, text, NameOf(version));
}

Result<std::string> Log::Fetch(Version version) const {
  const StagedCommit* const staged = staged_ ? FindStaged(*staged_, version) : nullptr;
  if (staged == nullptr) {
    if (staged_ && version > staged_->latest) {
      return Fail(ErrorKind::kNotFound, "{} is beyond the catalog's latest version",
                  store_->DisplayName(CommitKey(version)));
    }
    return store_->Get(CommitKey(version));
  }
  if (staged->text) {
    SLUICE_RETURN_IF_ERROR(
        RequireFits(static_cast<int64_t>(staged->text->size()), kMostCommitBytes, NameOf(version)));
    return *staged->text;
  }
  auto text = store_->Get(StagedCommitKey(staged->file_name));
  if (text || text.error().kind != ErrorKind::kNotFound) return text;
  // Published since the catalog answered, and cleaned up.
  text = store_->Get(CommitKey(version));
  if (text || text.error().kind != ErrorKind::kNotFound) return text;
  return Fail(Error{
      ErrorKind::kCorrupt,
      fmt::format("{}, which the catalog names as version {}, does not exist, nor does {}",
                  NameOf(version), version.value, store_->DisplayName(CommitKey(version))),
      "restore the missing files of _delta_log from a backup, or have the catalog corrected"});
}

Result<std::string> Log::ReadCommitText(Version version, int64_t size) const {
  SLUICE_RETURN_IF_ERROR(RequireFits(size, kMostCommitBytes, NameOf(version)));
  auto text = Fetch(version);
  if (text || text.error().kind != ErrorKind::kNotFound) return text;
  SLUICE_ASSIGN_OR_RETURN(const LogListing listing, List());
  SLUICE_RETURN_IF_ERROR(RequireContiguous(listing, version, version, store_->DisplayName("")));
  return text;
}

Result<std::optional<std::string>> Log::FindCommitFile(Version version) const {
  const StagedCommit* const staged = staged_ ? FindStaged(*staged_, version) : nullptr;
  if (staged != nullptr && staged->text) return std::nullopt;
  auto text = Fetch(version);
  if (text) return std::optional(*std::move(text));
  if (text.error().kind == ErrorKind::kNotFound) return std::nullopt;
  return Fail(std::move(text).error());
}

Result<std::vector<Commit>> Log::ReadCommits(Version after, Version through) const {
  std::vector<Commit> commits;
  if (after >= through) return commits;
  SLUICE_ASSIGN_OR_RETURN(const LogListing listing, List(Next(after)));
  SLUICE_RETURN_IF_ERROR(RequireContiguous(listing, Next(after), through, store_->DisplayName("")));
  for (const CommitFile& file : listing.commits) {
    if (file.version <= after || file.version > through) continue;
    SLUICE_ASSIGN_OR_RETURN(const std::string text, ReadCommitText(file.version, file.size));
    SLUICE_ASSIGN_OR_RETURN(Commit commit, ParseCommit(file.version, text, NameOf(file.version)));
    commits.push_back(std::move(commit));
  }
  return commits;
}

Status Log::RequireContiguous(const LogListing& listing, Version first, Version last,
                              std::string_view table) {
  if (first > last) return {};
  if (listing.commits.empty() && listing.checkpoints.empty()) {
    return Fail(NoTable(table));
  }
  if (last > listing.latest()) {
    return Fail(Error{ErrorKind::kNotFound,
                      fmt::format("{} has no version {}: the latest is {}", table, last.value,
                                  listing.latest().value),
                      fmt::format("name version {} at most", listing.latest().value)});
  }
  std::vector<Gap> gaps;
  int64_t due = first.value;
  auto commit = std::lower_bound(
      listing.commits.begin(), listing.commits.end(), first,
      [](const CommitFile& file, Version version) { return file.version < version; });
  for (; commit != listing.commits.end() && commit->version <= last; ++commit) {
    if (commit->version.value > due) gaps.push_back(Gap{due, commit->version.value - 1});
    due = commit->version.value + 1;
  }
  if (due <= last.value) gaps.push_back(Gap{due, last.value});
  if (gaps.empty()) return {};
  const bool beginning_gone = gaps.size() == 1 && gaps[0].first == first.value &&
                              (listing.commits.empty() || listing.commits[0].version > first);
  if (!beginning_gone) {
    return Fail(Error{
        ErrorKind::kCorrupt,
        fmt::format("{}: commits are missing from the log: version {}", table, DescribeGaps(gaps)),
        "restore the missing files of _delta_log from a backup"});
  }
  const Version readable =
      listing.commits.empty() ? listing.checkpoints[0].version : listing.commits[0].version;
  return Fail(Error{ErrorKind::kSourceGone,
                    fmt::format("{}: the log's beginning was cleaned up: version {} is wanted, the "
                                "first one there is {}",
                                table, first.value, readable.value),
                    "raise delta.logRetentionDuration of the source table, and run more often"});
}

}  // namespace sluice::delta
