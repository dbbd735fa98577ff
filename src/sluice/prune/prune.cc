#include "sluice/prune/prune.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/exporter/commit/lost_end.h"
#include "sluice/exporter/report/fill_report.h"
#include "sluice/exporter/session/session.h"
#include "sluice/exporter/snapshot_keep.h"
#include "sluice/ledger/as_decided.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/plan/output_layout.h"
#include "sluice/runtime/executor.h"

namespace sluice::prune {
namespace {

using exporter::Session;
using ledger::Manifest;

/// An object store answers many small requests at once, and it does not slow down a disk.
constexpr int kRequestsAtOnce = 16;

Result<PruneListing> ListData(const Session& session) {
  PruneListing listing;
  const store::ObjectStore& destination = *session.destination;
  for (const auto& folder : plan::DataFolders(session.table->pattern(), session.name())) {
    SLUICE_RETURN_IF_ERROR(destination.List(folder, {}, [&](const store::ObjectInfo& object) {
      listing.objects.push_back(object);
      return true;
    }));
    SLUICE_RETURN_IF_ERROR(
        destination.ListUploads(folder, [&](const store::PendingUploadInfo& upload) {
          listing.uploads.push_back(upload);
          return true;
        }));
  }
  return listing;
}

Result<Numbers> ReadManifests(const Session& session) {
  SLUICE_ASSIGN_OR_RETURN(
      const auto objects,
      store::ListAll(*session.destination, ledger::ManifestFolder(session.name())));
  Numbers numbers;
  for (const auto& object : objects) {
    const auto n = ledger::ParseManifestName(object.key.substr(object.key.rfind('/') + 1));
    if (n) numbers[*n].published = object.modified;
  }
  std::vector<std::pair<const int64_t, NumberFacts>*> entries;
  for (auto& entry : numbers) entries.push_back(&entry);
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
      entries.size(), kRequestsAtOnce, session.services->cancel, [&](size_t i) -> Status {
        NumberFacts& facts = entries[i]->second;
        SLUICE_ASSIGN_OR_RETURN(facts.manifest, session.ledger->ReadManifest(entries[i]->first));
        // The store's time, unless `--now` is earlier: then only the run's own clock counts.
        if (facts.published > session.services->clock->Now()) facts.published = Timestamp{};
        if (facts.manifest) {
          facts.published = std::max(facts.published, facts.manifest->committed_at);
        }
        return {};
      }));
  return numbers;
}

Status ReadDecisions(const Session& session, const std::vector<int64_t>& wanted, Numbers& numbers) {
  std::mutex mutex;
  return runtime::ParallelFor(
      wanted.size(), kRequestsAtOnce, session.services->cancel, [&](size_t i) -> Status {
        SLUICE_ASSIGN_OR_RETURN(auto decision, session.ledger->ReadDecision(wanted[i]));
        const std::lock_guard lock(mutex);
        numbers[wanted[i]].decision = std::move(decision);
        return {};
      });
}

/// Refuses what a manifest alone says: it may be edited, and files that go do not come back.
Status RequireAsDecided(const Session& session, int64_t newest, const Numbers& numbers) {
  for (const auto& [n, facts] : numbers) {
    if (!facts.manifest || !facts.decision) continue;
    // Its runner may be closing the decision that its manifest voids.
    if (n == newest && facts.decision->overruled) continue;
    SLUICE_RETURN_IF_ERROR(ledger::RequireAsDecided(
        *facts.manifest, *facts.decision,
        session.destination->DisplayName(ledger::ManifestKey(session.name(), n)), session.name()));
  }
  return {};
}

PruneAction DropOf(const Session& session, const Manifest& snapshot) {
  PruneAction action;
  action.kind = PruneKind::kSnapshot;
  action.reason = PruneReason::kExpired;
  action.n = snapshot.n;
  const std::string folder = plan::DataFolder(config::Pattern::kSnapshot, session.name());
  for (const auto& partition : snapshot.partitions_touched) action.key = folder + partition + "/";
  action.files = static_cast<int64_t>(snapshot.files.size());
  for (const auto& file : snapshot.files) action.bytes += file.size;
  return action;
}

/// Snapshots go as a run drops them: tombstone, _SUCCESS, files.
Status DropSnapshots(Session& session, PruneReport& report) {
  SLUICE_ASSIGN_OR_RETURN(const auto old, exporter::FindOldSnapshots(session));
  if (!report.dry_run && !old.empty()) {
    SLUICE_RETURN_IF_ERROR(exporter::DropOldSnapshots(session).then);
  }
  for (const auto& snapshot : old) report.removed.push_back(DropOf(session, snapshot));
  return {};
}

Status Remove(store::ObjectStore& destination, const PruneAction& action) {
  if (action.kind == PruneKind::kUpload) {
    return destination.AbortUpload(action.key, action.upload_id);
  }
  return destination.Delete(action.key);
}

/// Kind by kind, in the order of `actions`: the next begins when the one before is done.
Status RemoveAll(const Session& session, std::vector<PruneAction> actions, PruneReport& report) {
  std::mutex mutex;
  const auto remove = [&](const PruneAction& action) -> Status {
    SLUICE_RETURN_IF_ERROR(Remove(*session.destination, action));
    const std::lock_guard lock(mutex);
    report.removed.push_back(action);
    return {};
  };
  for (size_t begin = 0; begin < actions.size();) {
    size_t end = begin;
    while (end < actions.size() && actions[end].kind == actions[begin].kind) ++end;
    SLUICE_RETURN_IF_ERROR(
        runtime::ParallelFor(end - begin, kRequestsAtOnce, session.services->cancel,
                             [&](size_t i) { return remove(actions[begin + i]); }));
    begin = end;
  }
  return {};
}

Status PruneInto(const exporter::Services& services, const config::Table& table,
                 const PruneOptions& options, PruneReport& report) {
  SLUICE_ASSIGN_OR_RETURN(Session session, exporter::OpenSession(services, table));
  // The files first: whatever begins later is not among them.
  SLUICE_ASSIGN_OR_RETURN(const PruneListing listing, ListData(session));
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, session.ledger->Load());
  // Of an export whose records are lost the files are good, and look like leftovers.
  SLUICE_RETURN_IF_ERROR(exporter::RequireNoLostEnd(session.context(), view));
  SLUICE_ASSIGN_OR_RETURN(Numbers numbers, ReadManifests(session));
  PruneInput input{table.pattern(), table.name, listing, numbers, {}, services.clock->Now()};
  if (options.replaced_now) input.replaced_grace = Duration{0};
  if (view.manifest) input.newest_snapshot = view.position().newest_snapshot;
  SLUICE_RETURN_IF_ERROR(ReadDecisions(session, NumbersInDoubt(input), numbers));
  SLUICE_RETURN_IF_ERROR(RequireAsDecided(session, view.newest, numbers));
  report.foreign = CountForeign(input);
  auto actions = DecidePrune(input);
  SLUICE_RETURN_IF_ERROR(DropSnapshots(session, report));
  if (!report.dry_run) return RemoveAll(session, std::move(actions), report);
  report.removed.insert(report.removed.end(), actions.begin(), actions.end());
  return {};
}

}  // namespace

PruneReport Prune(const exporter::Services& services, const config::Table& table,
                  const PruneOptions& options) {
  return exporter::FillReport<PruneReport>(table, [&](PruneReport& report) {
    report.dry_run = options.dry_run;
    return PruneInto(services, table, options, report);
  });
}

}  // namespace sluice::prune
