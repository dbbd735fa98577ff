#include "sluice/exporter/late_sources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "sluice/delta/data_file.h"
#include "sluice/delta/schema.h"
#include "sluice/runtime/executor.h"

namespace sluice::exporter {
namespace {

constexpr int kRequestsAtOnce = 16;

struct OldFile {
  const plan::SourceFile* file = nullptr;
  Version version;
};

/// The files of `late` that are no longer live.
std::vector<OldFile> OldFiles(const delta::Snapshot& snapshot,
                              const std::vector<plan::LateCommit>& late) {
  std::set<std::string_view> live;
  for (const auto& file : snapshot.files) live.insert(file.path);
  std::vector<OldFile> old;
  for (const auto& commit : late) {
    for (const auto* files : {&commit.added, &commit.removed, &commit.change_files}) {
      for (const auto& file : *files) {
        if (!live.contains(file.path)) old.push_back({&file, commit.version});
      }
    }
  }
  return old;
}

/// How many files are gone, by the version that names them.
Result<std::map<Version, int64_t>> CountGone(const Session& session,
                                             const std::vector<OldFile>& files) {
  std::mutex mutex;
  std::map<Version, int64_t> gone;
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
      files.size(), kRequestsAtOnce, session.services->cancel, [&](size_t i) -> Status {
        SLUICE_ASSIGN_OR_RETURN(const auto address,
                                delta::ResolvePath(files[i].file->path, *session.source));
        if (!address.relative) return {};  // reading it says what is wrong with it
        const auto head = session.source->Head(address.key_or_uri);
        if (head) return {};
        if (head.error().kind != ErrorKind::kNotFound) return Fail(head.error());
        const std::lock_guard lock(mutex);
        ++gone[files[i].version];
        return {};
      }));
  return gone;
}

/// "version 4", "versions 4 and 7", "versions 1, 2, 3 and 5 more".
std::string VersionsText(const std::map<Version, int64_t>& gone) {
  constexpr size_t kShown = 5;
  std::vector<int64_t> versions;
  for (const auto& [version, count] : gone) versions.push_back(version.value);
  if (versions.size() == 1) return fmt::format("version {}", versions.front());
  const size_t shown = std::min(versions.size(), kShown);
  std::string text =
      fmt::format("versions {}", fmt::join(versions.begin(), versions.begin() + shown, ", "));
  if (versions.size() > shown) text += fmt::format(" and {} more", versions.size() - shown);
  return text;
}

/// Columns whose type is another one than when the last export looked; "" where there is none, or nobody
/// knows.
std::string RetypedColumns(const Session& session, const ledger::Position& position,
                           const delta::Snapshot& snapshot) {
  const auto widening = snapshot.metadata.configuration.find("delta.enableTypeWidening");
  if (widening != snapshot.metadata.configuration.end() && widening->second == "true") return "";
  delta::SnapshotOptions options;
  options.at = position.scanned_through;
  options.with_files = false;
  const auto before = delta::LoadSnapshot(*session.log, options);
  if (!before) return "";  // cleaned up: reading the files says what is wrong with them
  std::vector<std::string> retyped;
  for (const auto& field : snapshot.metadata.schema.fields) {
    const auto* old = before->metadata.schema.Find(field.name);
    if (old == nullptr || !old->type.fields.empty() || old->type == field.type) continue;
    retyped.push_back(fmt::format("column '{}' was {} and is {}", field.name, old->type.ToString(),
                                  field.type.ToString()));
  }
  return fmt::format("{}", fmt::join(retyped, ", "));
}

}  // namespace

Status RequireLateSources(const Session& session, const ledger::Position& position,
                          const delta::Snapshot& snapshot,
                          const std::vector<delta::Commit>& commits,
                          const std::vector<plan::LateCommit>& late) {
  const auto old = OldFiles(snapshot, late);
  if (old.empty()) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto gone, CountGone(session, old));
  if (!gone.empty()) {
    int64_t files = 0;
    for (const auto& [version, count] : gone) files += count;
    Error error{ErrorKind::kSourceGone,
                fmt::format("{} of the data files that {} added or removed were vacuumed, so that "
                            "rows which came late can't be told from rows that were rewritten",
                            files, VersionsText(gone)),
                {}};
    return Fail(WithLateRemedy(session, position, std::move(error)));
  }
  const bool redefined =
      std::any_of(commits.begin(), commits.end(),
                  [](const delta::Commit& commit) { return commit.metadata.has_value(); });
  if (!redefined) return {};
  const std::string retyped = RetypedColumns(session, position, snapshot);
  if (retyped.empty()) return {};
  Error error{ErrorKind::kUnsupported,
              fmt::format("{}: rows which came late can't be told from rows that were there before",
                          retyped),
              {}};
  return Fail(WithLateRemedy(session, position, std::move(error)));
}

Error WithLateRemedy(const Session& session, const ledger::Position& position, Error error) {
  error.remedy = fmt::format(
      "set late_rows: ignore, run `sluice backfill {} --from {} --to {} --again`, which exports "
      "what is "
      "exported anew, as the source has it now, and set late_rows back; or only run once with "
      "late_rows: ignore and do without rows that came late",
      session.name(), ledger::ToText(position.first_start), ledger::ToText(position.end));
  return error;
}

}  // namespace sluice::exporter
