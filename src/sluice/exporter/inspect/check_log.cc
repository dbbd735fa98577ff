#include "sluice/exporter/inspect/check_log.h"

#include <fmt/format.h>

#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/version_checksum.h"

namespace sluice::exporter {
namespace {

/// So far below the checkpoint: the log may be of any length.
constexpr int64_t kVersionsLookedAt = 10'000;

/// A beginning that was cleaned up is not a hole. Above the checkpoint a hole is an error of every command.
void CheckHoles(const Session& session, Version checkpoint, Findings& findings) {
  const auto listing = session.log->List(Version{checkpoint.value - kVersionsLookedAt});
  if (!listing) return findings.AddFault(listing.error());
  if (listing->commits.empty()) return;
  const auto whole = delta::Log::RequireContiguous(*listing, listing->commits.front().version,
                                                   checkpoint, session.source->DisplayName(""));
  if (whole) return;
  findings.Add(
      Severity::kNote,
      fmt::format("{}; the checkpoint of version {} stands for them, and nothing else needs "
                  "them",
                  whole.error().message, checkpoint.value),
      "none needed; older versions, and changes from before the checkpoint, cannot be read");
}

}  // namespace

void CheckLog(const Session& session, const delta::Snapshot& snapshot, Findings& findings) {
  if (snapshot.checkpoint) CheckHoles(session, *snapshot.checkpoint, findings);
  const auto differences = delta::DifferencesToChecksum(*session.log, snapshot);
  if (!differences) return findings.AddFault(differences.error());
  for (const std::string& difference : *differences) {
    findings.Add(Severity::kWarning, difference,
                 "find out which writer of the source is wrong: the log may have lost or doubled "
                 "files; `sluice verify` compares the rows");
  }
}

}  // namespace sluice::exporter
