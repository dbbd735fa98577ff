#include "sluice/catalog/commit_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <string>
#include <utility>

namespace sluice::catalog {
namespace {

/// In milliseconds; what is above it has no microseconds.
constexpr int64_t kLatestMillis = std::numeric_limits<int64_t>::max() / 1000;

/// "<20 digits>.<uuid>.json" of `version`.
bool IsStagedFile(const std::string& name, int64_t version) {
  constexpr size_t kUuidLength = 36;
  const std::string start = fmt::format("{:020}.", version);
  constexpr std::string_view kEnd = ".json";
  if (name.size() != start.size() + kUuidLength + kEnd.size() || !name.starts_with(start) ||
      !name.ends_with(kEnd)) {
    return false;
  }
  for (size_t i = 0; i < kUuidLength; ++i) {
    const char c = name[start.size() + i];
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? c != '-' : std::isxdigit(static_cast<unsigned char>(c)) == 0) return false;
  }
  return true;
}

Result<delta::StagedCommit> ReadCommit(const Json& json, const CommitKeys& keys) {
  const auto version = Number(json, keys.version);
  const auto timestamp = Number(json, keys.timestamp);
  const auto size = Number(json, keys.file_size);
  const auto modified = Number(json, keys.file_modification_timestamp);
  const std::string file = Text(json, keys.file_name);
  if (!version || *version < 0) {
    return Fail(ErrorKind::kCorrupt, "the catalog lists a commit without a version");
  }
  const auto is_time = [](std::optional<int64_t> millis) {
    return millis && *millis >= 0 && *millis <= kLatestMillis;
  };
  if (!is_time(timestamp) || !is_time(modified) || !size || *size < 0) {
    return Fail(
        ErrorKind::kCorrupt,
        "the catalog lists commit {} with a timestamp or a size that is missing or impossible",
        *version);
  }
  if (!IsStagedFile(file, *version)) {
    return Fail(ErrorKind::kCorrupt,
                "the catalog lists commit {} in a file '{}', which is not the name of a staged "
                "commit of this version",
                *version, file.substr(0, 100));
  }
  delta::StagedCommit commit;
  commit.version = Version{*version};
  commit.file_name = file;
  commit.size = *size;
  commit.modified = Timestamp{*modified * 1000};
  commit.committed = Timestamp{*timestamp * 1000};
  return commit;
}

}  // namespace

Result<std::vector<delta::StagedCommit>> ReadCommits(const Json* list, const CommitKeys& keys) {
  std::vector<delta::StagedCommit> commits;
  if (list == nullptr) return commits;
  if (!list->is_array()) return Fail(ErrorKind::kCorrupt, "the catalog's commits are not a list");
  commits.reserve(list->size());
  for (const auto& entry : *list) {
    SLUICE_ASSIGN_OR_RETURN(auto commit, ReadCommit(entry, keys));
    commits.push_back(std::move(commit));
  }
  return commits;
}

Result<delta::StagedCommits> ChainCommits(std::vector<delta::StagedCommit> commits,
                                          Version latest) {
  std::sort(commits.begin(), commits.end(),
            [](const auto& a, const auto& b) { return a.version < b.version; });
  for (size_t i = 1; i < commits.size(); ++i) {
    const int64_t before = commits[i - 1].version.value;
    const int64_t here = commits[i].version.value;
    if (here == before) {
      return Fail(ErrorKind::kCorrupt, "the catalog lists commit {} twice", here);
    }
    if (here != before + 1) {
      return Fail(ErrorKind::kCorrupt,
                  "the catalog's list of commits has a hole: {} comes after {}", here, before);
    }
  }
  if (!commits.empty() && commits.back().version != latest) {
    return Fail(ErrorKind::kCorrupt,
                "the catalog contradicts itself: its list of commits ends with {}, and it calls {} "
                "the latest "
                "version",
                commits.back().version.value, latest.value);
  }
  return delta::StagedCommits{latest, std::move(commits)};
}

}  // namespace sluice::catalog
