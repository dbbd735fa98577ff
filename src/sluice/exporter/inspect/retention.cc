#include "sluice/exporter/inspect/retention.h"

#include <algorithm>

#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/snapshot/snapshot.h"

namespace sluice::exporter {

namespace {

/// How long `property` keeps things; nullopt where it is set to something unreadable.
std::optional<Duration> Keeps(const delta::Metadata& metadata, const char* property,
                              Duration otherwise) {
  const auto set = metadata.configuration.find(property);
  if (set == metadata.configuration.end()) return otherwise;
  const auto parsed = delta::ParseInterval(set->second);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace

std::optional<Version> NeededAfter(const ledger::Position& position) {
  if (const auto* version = std::get_if<Version>(&position.end)) return *version;
  return position.scanned_through;
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
  // Each snapshot stands for itself: it needs nothing of the past.
  if (session.table->pattern == config::Pattern::kSnapshot) return retention;

  auto kept = Keeps(snapshot.metadata, "delta.logRetentionDuration", Days(30));
  if (session.table->pattern == config::Pattern::kCdc) {
    const auto files = Keeps(snapshot.metadata, "delta.deletedFileRetentionDuration", Days(7));
    if (kept && files) kept = std::min(*kept, *files);
  }
  if (!kept) return retention;
  const bool is_gone =
      after && retention.first && *after<retention.latest&& * retention.first> Next(*after);
  if (is_gone) {
    retention.left = Duration{0};
    return retention;
  }
  retention.left = *kept;
  if (retention.first_needed) {
    retention.left = *retention.first_needed + *kept - session.services->wall->Now();
  }
  return retention;
}

}  // namespace sluice::exporter
