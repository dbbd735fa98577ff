#include "sluice/exporter/snapshot_keep.h"

#include <fmt/format.h>

#include <algorithm>

#include <set>
#include <utility>

#include "sluice/exporter/commit/snapshot_marker.h"
#include "sluice/ledger/as_decided.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/plan/output_layout.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ledger::Manifest;

Manifest Tombstone(const Session& session, const Manifest& snapshot) {
  Manifest tombstone;
  tombstone.n = snapshot.n;
  tombstone.kind = ExportKind::kVoid;
  tombstone.expired = true;
  tombstone.table = snapshot.table;
  tombstone.table_id = snapshot.table_id;
  tombstone.source_version = snapshot.source_version;
  tombstone.start = snapshot.start;
  tombstone.end = snapshot.end;
  tombstone.timezone = snapshot.timezone;
  tombstone.schema = snapshot.schema;
  tombstone.reason =
      fmt::format("dropped: newer snapshots are kept (keep: {})", session.table->snapshot().keep);
  tombstone.committed_at = session.services->clock->Now();
  tombstone.program = session.services->program;
  return tombstone;
}

/// Removes what a snapshot's decision lists, if its tombstone stands. Repeated until nothing is left.
Status RemoveFiles(Session& session, const Manifest& tombstone) {
  const int64_t n = tombstone.n;
  SLUICE_ASSIGN_OR_RETURN(const auto decision, session.ledger->ReadDecision(n));
  if (!decision) return Fail(ErrorKind::kInternal, "export {} has no decision", n);
  SLUICE_RETURN_IF_ERROR(ledger::RequireAsDecided(
      tombstone, *decision,
      session.destination->DisplayName(ledger::ManifestKey(session.name(), n)), session.name()));
  SLUICE_RETURN_IF_ERROR(
      RemoveMarkers(*session.destination, session.name(), ledger::EverListed(*decision)));
  for (const auto& file : decision->files) {
    SLUICE_RETURN_IF_ERROR(session.destination->Delete(file.upload.key));
  }
  return {};
}

/// The manifests of snapshots that have files at the destination, ascending by n. Read from the folders that
/// are there, so that years of dropped ones cost nothing. `lone_markers`: folders that hold a _SUCCESS and
/// nothing else, as no snapshot does.
Result<std::vector<Manifest>> ReadPresent(Session& session,
                                          std::set<store::Key>* lone_markers = nullptr) {
  const std::string folder = plan::DataFolder(config::Pattern::kSnapshot, session.name());
  SLUICE_ASSIGN_OR_RETURN(const auto partitions, session.destination->ListFolders(folder));
  std::set<int64_t> numbers;
  for (const auto& partition : partitions) {
    if (!plan::ParseSnapshotFolder(partition)) continue;
    bool marker_only = true;
    SLUICE_RETURN_IF_ERROR(session.destination->List(
        folder + partition + "/", {}, [&](const store::ObjectInfo& object) {
          marker_only = marker_only && object.key == plan::SuccessKey(folder, partition);
          const auto name = plan::ParseDataFileName(object.key.substr(object.key.rfind('/') + 1));
          if (name) numbers.insert(name->n);
          return true;
        }));
    if (marker_only && lone_markers != nullptr) {
      lone_markers->insert(plan::SuccessKey(folder, partition));
    }
  }
  std::vector<Manifest> manifests;
  for (const int64_t n : numbers) {
    SLUICE_ASSIGN_OR_RETURN(auto manifest, session.ledger->ReadManifest(n));
    if (manifest) manifests.push_back(*std::move(manifest));
  }
  return manifests;
}

/// Takes those away that stand where a snapshot of ours was dropped or voided: a runner that died left
/// them there after others had cleared the folder. Whatever no number of ours accounts for stays.
Status RemoveLoneMarkers(Session& session, const std::set<store::Key>& lone_markers) {
  if (lone_markers.empty()) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto manifests, session.ledger->ReadManifests());
  for (const auto& manifest : manifests) {
    if (manifest.kind != ExportKind::kVoid) continue;
    SLUICE_ASSIGN_OR_RETURN(const auto decision, session.ledger->ReadDecision(manifest.n));
    if (!decision) continue;
    const auto files = ledger::EverListed(*decision);
    for (const auto& marker : MarkersOf(session.name(), files)) {
      if (!lone_markers.contains(marker)) continue;
      SLUICE_RETURN_IF_ERROR(
          RemoveMarkersIfGone(*session.ledger, *session.destination, session.name(), *decision));
    }
  }
  return {};
}

/// kPermission where the policy allows no deletion of `snapshot`: S3 looks at that before it looks whether
/// anything is there. Asked before the tombstone, for a snapshot without manifest whose files stay is neither
/// there nor gone.
Status RequireDeletion(Session& session, const Manifest& snapshot) {
  const std::string folder = plan::DataFolder(config::Pattern::kSnapshot, session.name());
  for (const auto& partition : snapshot.partitions_touched) {
    SLUICE_RETURN_IF_ERROR(session.destination->Delete(folder + partition + "/_absent"));
  }
  return {};
}

/// `next`: when keep_for lets go of another one.
std::vector<Manifest> ChooseOld(const Session& session, const std::vector<Manifest>& manifests,
                                std::optional<Timestamp>* next = nullptr) {
  const config::SnapshotOptions& options = session.table->snapshot();
  std::vector<Manifest> complete;
  for (const auto& manifest : manifests) {
    if (manifest.kind == ExportKind::kSnapshot) complete.push_back(manifest);
  }
  std::vector<Manifest> old;
  const auto kept = static_cast<size_t>(std::max(1, options.keep));
  const Timestamp now = session.services->clock->Now();
  for (size_t i = 0; i + kept < complete.size(); ++i) {
    const auto* at = std::get_if<Timestamp>(&complete[i].end);
    if (at == nullptr) continue;
    if (options.keep_for && now - *at <= *options.keep_for) {
      const Timestamp due = *at + *options.keep_for;
      if (next != nullptr) *next = std::min(next->value_or(due), due);
      continue;
    }
    old.push_back(complete[i]);
  }
  return old;
}

Status Drop(Session& session, DroppedSnapshots& result) {
  std::set<store::Key> lone_markers;
  SLUICE_ASSIGN_OR_RETURN(const auto manifests, ReadPresent(session, &lone_markers));
  SLUICE_RETURN_IF_ERROR(RemoveLoneMarkers(session, lone_markers));
  int64_t newest = 0;
  for (const auto& manifest : manifests) {
    if (manifest.kind == ExportKind::kSnapshot) newest = manifest.n;
  }
  for (const auto& manifest : manifests) {
    // A crash came between the tombstone and the last of the files. No run drops the newest snapshot.
    const bool is_older = manifest.n < newest;
    if (manifest.expired && is_older) SLUICE_RETURN_IF_ERROR(RemoveFiles(session, manifest));
  }
  for (const auto& snapshot : ChooseOld(session, manifests, &result.next)) {
    SLUICE_RETURN_IF_ERROR(RequireDeletion(session, snapshot));
    const Manifest tombstone = Tombstone(session, snapshot);
    SLUICE_RETURN_IF_ERROR(session.ledger->PutTombstone(tombstone));
    SLUICE_RETURN_IF_ERROR(RemoveFiles(session, tombstone));
    result.dropped.push_back(snapshot);
  }
  return {};
}

}  // namespace

Result<std::vector<Manifest>> FindOldSnapshots(Session& session) {
  if (!session.table->is_snapshot()) return std::vector<Manifest>{};
  SLUICE_ASSIGN_OR_RETURN(const auto manifests, ReadPresent(session));
  return ChooseOld(session, manifests);
}

DroppedSnapshots DropOldSnapshots(Session& session) {
  DroppedSnapshots result;
  if (session.table->is_snapshot()) {
    result.then = Drop(session, result);
  }
  return result;
}

}  // namespace sluice::exporter
