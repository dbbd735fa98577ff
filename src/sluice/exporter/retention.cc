#include "sluice/exporter/retention.h"

#include "sluice/delta/snapshot.h"
#include "sluice/delta/write_support.h"

namespace sluice::exporter {

Result<Retention> LookAtRetention(Session& session, std::optional<Version> scanned_through) {
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  delta::SnapshotOptions options;
  options.with_files = false;
  SLUICE_ASSIGN_OR_RETURN(const auto snapshot, delta::LoadSnapshot(*session.log, options));
  SLUICE_ASSIGN_OR_RETURN(const auto listing, session.log->List());
  Retention retention;
  retention.latest = snapshot.version;
  if (!listing.commits.empty()) retention.first = listing.commits.front().version;

  const auto set = snapshot.metadata.configuration.find("delta.logRetentionDuration");
  Duration kept = Days(30);
  if (set != snapshot.metadata.configuration.end()) {
    const auto parsed = delta::ParseInterval(set->second);
    if (!parsed) return retention;
    kept = *parsed;
  }
  retention.left = kept;
  if (!scanned_through) return retention;
  for (const auto& commit : listing.commits) {
    if (commit.version <= *scanned_through) continue;
    retention.left = commit.modified + kept - session.services->wall->Now();
    break;
  }
  return retention;
}

}  // namespace sluice::exporter
