#include <functional>
#include <set>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/delta/write/data_file_writer.h"
#include "sluice/exporter/report/table_error.h"
#include "sluice/exporter/session/session.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/prune/prune.h"
#include "sluice/store/local/local_leftovers.h"

namespace sluice::prune {
namespace {

/// Notes what is to go, and deletes it unless this is a dry run.
class Remover {
 public:
  explicit Remover(PruneReport& report) : report_(report) {}
  Status operator()(PruneAction action, const std::function<Status()>& remove) {
    action.reason = PruneReason::kAbandoned;
    if (!report_.dry_run) SLUICE_RETURN_IF_ERROR(remove());
    report_.removed.push_back(std::move(action));
    return {};
  }

 private:
  PruneReport& report_;
};

PruneAction Leftover(PruneKind kind, std::string key, int64_t bytes) {
  PruneAction action;
  action.kind = kind;
  action.key = std::move(key);
  action.bytes = bytes;
  return action;
}

Status PruneProbes(store::ObjectStore& store, Timestamp before, Remover& remove) {
  SLUICE_ASSIGN_OR_RETURN(const auto objects, store::ListAll(store, ledger::ProbeFolder()));
  for (const auto& object : objects) {
    if (!ledger::IsProbeKey(object.key) || object.modified >= before) continue;
    SLUICE_RETURN_IF_ERROR(remove(Leftover(PruneKind::kProbe, object.key, object.size),
                                  [&] { return store.Delete(object.key); }));
  }
  return {};
}

Status PruneTemporaries(const store::Location& at, Timestamp before, Remover& remove) {
  if (at.scheme != store::Location::Scheme::kLocal) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto leftovers, store::FindLocalLeftovers(at.path, before));
  for (const auto& leftover : leftovers) {
    SLUICE_RETURN_IF_ERROR(remove(Leftover(PruneKind::kTemporary, leftover.path, leftover.size),
                                  [&] { return store::RemoveLocalLeftover(leftover); }));
  }
  return {};
}

/// Files of the state table take moments to write; only names of our making are ours to abort.
Status PruneStateUploads(store::ObjectStore& state, Timestamp before, Remover& remove) {
  std::vector<store::PendingUploadInfo> uploads;
  SLUICE_RETURN_IF_ERROR(state.ListUploads({}, [&](const store::PendingUploadInfo& upload) {
    if (delta::IsOwnDataFileName(upload.key) && upload.started < before) uploads.push_back(upload);
    return true;
  }));
  for (const auto& upload : uploads) {
    SLUICE_RETURN_IF_ERROR(remove(Leftover(PruneKind::kUpload, upload.key, 0),
                                  [&] { return state.AbortUpload(upload.key, upload.upload_id); }));
  }
  return {};
}

Status PruneInto(const exporter::Services& services, PruneReport& report) {
  SLUICE_ASSIGN_OR_RETURN(const auto places, exporter::FindPlaces(services));
  SLUICE_ASSIGN_OR_RETURN(const auto beside, places.state.Parent());
  const Timestamp before = services.wall->Now() - kAbandonedAge;
  Remover remove(report);
  std::set<std::string> seen;
  using Role = exporter::StoreRole;
  for (const auto& [place, role] :
       {std::pair(places.destination, Role::kDestination), std::pair(beside, Role::kState),
        std::pair(places.state, Role::kState)}) {
    SLUICE_RETURN_IF_ERROR(services.cancel.Check());
    if (!seen.insert(place.ToString()).second) continue;
    SLUICE_ASSIGN_OR_RETURN(const auto store, services.open_store(place, role, services.cancel));
    SLUICE_RETURN_IF_ERROR(PruneProbes(*store, before, remove));
    SLUICE_RETURN_IF_ERROR(PruneTemporaries(place, before, remove));
  }
  SLUICE_ASSIGN_OR_RETURN(const auto state,
                          services.open_store(places.state, Role::kState, services.cancel));
  return PruneStateUploads(*state, before, remove);
}

}  // namespace

PruneReport PruneLeftovers(const exporter::Services& services, const PruneOptions& options) {
  PruneReport report;
  report.dry_run = options.dry_run;
  Status done = exporter::Guarded([&] { return PruneInto(services, report); });
  if (!done) report.error = std::move(done).error();
  return report;
}

}  // namespace sluice::prune
