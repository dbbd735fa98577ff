#include "sluice/exporter/source/late_sources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "sluice/delta/log/table_state.h"
#include "sluice/delta/read/data_file.h"
#include "sluice/delta/read/data_path.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/exporter/source/gone_files.h"

namespace sluice::exporter {
namespace {

/// The files of `late` that are no longer live.
Result<std::vector<NamedFile>> OldFiles(const Session& session, const delta::Snapshot& snapshot,
                                        const std::vector<plan::LateCommit>& late) {
  std::set<std::string_view> live;
  for (const auto& file : snapshot.files) live.insert(file.path);
  std::vector<NamedFile> old;
  for (const auto& commit : late) {
    for (const auto* files : {&commit.added, &commit.removed, &commit.change_files}) {
      for (const auto& file : *files) {
        if (live.contains(file.path)) continue;
        SLUICE_ASSIGN_OR_RETURN(const auto address, delta::ResolvePath(file.path, *session.source));
        // Reading a file elsewhere says what is wrong with it.
        if (address.relative) old.push_back({commit.version, address.key_or_uri});
      }
    }
  }
  return old;
}

/// Every version that brought late rows must have been readable when it was made: DROP FEATURE leaves a table whose
/// newest protocol says nothing of the files before.
Status RequireReadableCommits(const Session& session, const ledger::Position& position,
                              const std::vector<delta::Commit>& commits,
                              const std::vector<plan::LateCommit>& late) {
  const bool changed = std::any_of(commits.begin(), commits.end(),
                                   [](const auto& commit) { return commit.protocol.has_value(); });
  if (!changed) return {};
  delta::SnapshotOptions options;
  options.at = position.scanned_through;
  options.with_files = false;
  auto before = delta::LoadSnapshot(*session.log, options);
  delta::TableState state;  // where it was cleaned up, the commits tell
  state.authority = session.log->authority();
  if (before) {
    state.protocol = std::move(before->protocol);
    state.metadata = std::move(before->metadata);
  } else if (before.error().kind == ErrorKind::kUnsupported) {
    return Fail(std::move(before).error());
  }
  std::set<Version> with_rows;
  for (const auto& commit : late) with_rows.insert(commit.version);
  const std::string table = session.log->store().DisplayName("");
  for (const auto& commit : commits) {
    const Status readable = state.Take(commit, table);
    if (!readable && with_rows.contains(commit.version)) return readable;
  }
  return {};
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
    if (old->type.id == delta::TypeId::kVoid) continue;  // no file held it
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
  if (auto readable = RequireReadableCommits(session, position, commits, late); !readable) {
    return Fail(WithLateRemedy(session.name(), position, std::move(readable).error()));
  }
  SLUICE_ASSIGN_OR_RETURN(const auto old, OldFiles(session, snapshot, late));
  if (old.empty()) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto gone, FindGone(session, old));
  if (!gone.empty()) {
    std::set<Version> versions;
    for (const auto& file : gone) versions.insert(file.version);
    Error error{ErrorKind::kSourceGone,
                fmt::format("{} of the data files that {} added or removed were vacuumed: cannot "
                            "distinguish late rows from rewritten ones",
                            gone.size(), VersionsText(versions)),
                {}};
    return Fail(WithLateRemedy(session.name(), position, std::move(error)));
  }
  const bool redefined =
      std::any_of(commits.begin(), commits.end(),
                  [](const delta::Commit& commit) { return commit.metadata.has_value(); });
  if (!redefined) return {};
  const std::string retyped = RetypedColumns(session, position, snapshot);
  if (retyped.empty()) return {};
  Error error{ErrorKind::kUnsupported,
              fmt::format("{}: cannot distinguish late rows from existing rows", retyped),
              {}};
  return Fail(WithLateRemedy(session.name(), position, std::move(error)));
}

Error WithLateRemedy(std::string_view name, const ledger::Position& position, Error error) {
  error.remedy = fmt::format(
      "set late_rows: ignore, run `sluice backfill {} --from {} --to {} --again`, which exports "
      "what is "
      "exported again, as the source has it now, and set late_rows back; or only run once with "
      "late_rows: ignore and do without rows that came late",
      name, ledger::ToText(position.first_start), ledger::ToText(position.end));
  return error;
}

}  // namespace sluice::exporter
