#include "sluice/exporter/inspect/retention.h"

#include <algorithm>
#include <vector>

#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/read/data_path.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/exporter/source/gone_files.h"

namespace sluice::exporter {

namespace {

/// How long `property` keeps things; nullopt where its value is unreadable.
std::optional<Duration> Keeps(const delta::Metadata& metadata, const char* property,
                              Duration otherwise) {
  const auto set = metadata.configuration.find(property);
  if (set == metadata.configuration.end()) return otherwise;
  const auto parsed = delta::ParseInterval(set->second);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

/// True if a vacuum took a file with changes of the first version that the next run needs. Looks at a few
/// files only: a vacuum takes the oldest versions first.
Result<bool> FilesAreGone(Session& session, Version first) {
  constexpr size_t kLookedAt = 4;
  SLUICE_ASSIGN_OR_RETURN(const auto commit, session.log->ReadCommit(first));
  std::vector<NamedFile> files;
  const auto add = [&](const std::string& path) -> Status {
    if (files.size() >= kLookedAt) return {};
    SLUICE_ASSIGN_OR_RETURN(const auto address, delta::ResolvePath(path, *session.source));
    if (address.relative) files.push_back({first, address.key_or_uri});
    return {};
  };
  for (const auto& file : commit.cdc) SLUICE_RETURN_IF_ERROR(add(file.path));
  if (commit.cdc.empty()) {
    for (const auto& file : commit.removes) {
      if (file.data_change) SLUICE_RETURN_IF_ERROR(add(file.path));
    }
  }
  SLUICE_ASSIGN_OR_RETURN(const auto gone, FindGone(session, files));
  return !gone.empty();
}

}  // namespace

std::optional<Version> NeededAfter(const config::Table& table, const ledger::Position& position) {
  if (const auto* version = std::get_if<Version>(&position.end)) return *version;
  if (position.scanned_through) return position.scanned_through;
  if (!table.is_cdc()) return std::nullopt;
  if (const auto* start = std::get_if<config::StartVersion>(&table.cdc().start))
    return Version{start->first.value - 1};
  return std::nullopt;
}

Result<Retention> LookAtRetention(Session& session, std::optional<Version> after) {
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  delta::SnapshotOptions options;
  options.with_files = false;
  SLUICE_ASSIGN_OR_RETURN(const auto snapshot, delta::LoadSnapshot(*session.log, options));
  SLUICE_ASSIGN_OR_RETURN(const auto listing, session.log->List());
  Retention retention;
  retention.latest = snapshot.version;
  if (!listing.commits.empty()) retention.first = listing.commits.front().version;
  for (const auto& commit : listing.commits) {
    if (!after || commit.version <= *after) continue;
    retention.first_needed = commit.modified;
    break;
  }
  // A snapshot, and what begins with one, needs nothing of the past.
  if (session.table->is_snapshot() || !after) return retention;

  auto kept = Keeps(snapshot.metadata, "delta.logRetentionDuration", Days(30));
  if (session.table->is_cdc()) {
    const auto files = Keeps(snapshot.metadata, "delta.deletedFileRetentionDuration", Days(7));
    if (kept && files) kept = std::min(*kept, *files);
  }
  if (!kept) return retention;
  const bool log_is_gone =
      *after < retention.latest && retention.first && Next(*after) < *retention.first;
  if (log_is_gone) {
    retention.lost = true;
    retention.left = Duration{0};
    return retention;
  }
  if (session.table->is_cdc() && *after < retention.latest) {
    SLUICE_ASSIGN_OR_RETURN(retention.lost, FilesAreGone(session, Next(*after)));
    if (retention.lost) {
      retention.left = Duration{0};
      return retention;
    }
  }
  retention.left = *kept;
  if (retention.first_needed) {
    retention.left = *retention.first_needed + *kept - session.services->wall->Now();
  }
  return retention;
}

}  // namespace sluice::exporter
