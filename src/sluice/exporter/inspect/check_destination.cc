#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/human_text.h"
#include "sluice/exporter/inspect/check.h"
#include "sluice/exporter/inspect/check_bucket.h"
#include "sluice/exporter/inspect/findings.h"
#include "sluice/exporter/session/commit_context.h"
#include "sluice/exporter/session/session.h"
#include "sluice/exporter/session/store_options.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/onboard/partner_policy.h"
#include "sluice/state/export_state.h"

namespace sluice::exporter {
namespace {

using store::Location;

/// Writes a probe, reads it and is refused when it writes it again: what an export asks of the destination.
Status Probe(store::ObjectStore& store, const store::Key& key) {
  SLUICE_ASSIGN_OR_RETURN(const auto put, store.PutIfAbsent(key, "probe\n"));
  if (put != store::PutOutcome::kCreated) {
    return Fail(ErrorKind::kInternal, "{}: a random name is already in use",
                store.DisplayName(key));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::string back, store.Get(key));
  SLUICE_ASSIGN_OR_RETURN(const auto again, store.PutIfAbsent(key, "other\n"));
  if (back != "probe\n" || again == store::PutOutcome::kCreated) {
    return Fail(Error{
        ErrorKind::kUnsupported,
        fmt::format("{}: a conditional write replaced an existing object", store.DisplayName(key)),
        "use a store that honours `If-None-Match: *`"});
  }
  return {};
}

/// A warning about what the server refuses and runs do not need.
void AddRefused(const Status& status, const std::string& harm, Findings& findings) {
  if (status) return;
  if (status.error().kind != ErrorKind::kPermission) return findings.AddFault(status.error());
  findings.Add(Severity::kWarning, fmt::format("{}; {}", status.error().message, harm),
               status.error().remedy);
}

/// Uploads a probe and makes it visible, as each file of an export is; lists uploads and aborts one, as
/// `prune` does.
void CheckUploads(const Services& services, store::ObjectStore& store, const Location& at,
                  Findings& findings) {
  const std::string_view bytes = "probe\n";
  const auto upload = [&](const store::Key& key) -> Result<store::PendingUpload> {
    SLUICE_ASSIGN_OR_RETURN(const auto writer, store.StartUpload(key));
    SLUICE_RETURN_IF_ERROR(
        writer->Append({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
    return writer->Finish();
  };
  const store::Key key = ledger::ProbeKey(runtime::RandomHex16(*services.entropy));
  const auto pending = upload(key);
  if (!pending) return findings.AddFault(pending.error());
  const Status listed =
      store.ListUploads(key, [](const store::PendingUploadInfo&) { return true; });
  const auto completed = store.CompleteUpload(*pending);
  if (!completed) return findings.AddFault(completed.error());
  (void)store.Delete(key);  // the probe before reports whether that is allowed
  const store::Key given_up = ledger::ProbeKey(runtime::RandomHex16(*services.entropy));
  const auto second = upload(given_up);
  if (!second) return findings.AddFault(second.error());
  const Status aborted = store.AbortUpload(second->key, second->upload_id);
  AddRefused(listed, "`prune` cannot find abandoned uploads, which take up space", findings);
  AddRefused(aborted, "abandoned uploads cannot be removed and take up space", findings);
  if (!listed || !aborted) return;
  findings.Add(Severity::kOk,
               fmt::format("{}: completed one upload and aborted another", at.ToString()));
}

/// Writes to the state table's own folder, where a policy or permissions may forbid what they allow beside it. A
/// local folder that does not exist yet is left alone: the probe would create it.
void CheckStateWrites(const Services& services, store::ObjectStore& store, const Location& at,
                      bool exists, Findings& findings) {
  if (at.scheme != Location::Scheme::kS3 && !exists) return;
  for (const char* folder : {"", "_delta_log/"}) {
    const store::Key key =
        fmt::format("{}_probe_{}.txt", folder, runtime::RandomHex16(*services.entropy));
    const auto put = store.PutIfAbsent(key, "probe\n");
    if (!put) return findings.AddFault(put.error());
    const auto removed = store.Delete(key);
    if (!removed && removed.error().kind != ErrorKind::kPermission) {
      findings.AddFault(removed.error());
    }
  }
}

void CheckProbe(const Services& services, const Location& at, StoreRole role, Findings& findings) {
  const auto store = services.open_store(at, role, services.cancel);
  if (!store) return findings.AddFault(store.error());
  const store::Key key = ledger::ProbeKey(runtime::RandomHex16(*services.entropy));
  const auto probed = Probe(**store, key);
  const auto removed = (*store)->Delete(key);
  if (!probed) return findings.AddFault(probed.error());
  if (!removed && removed.error().kind == ErrorKind::kPermission) {
    return findings.Add(
        Severity::kWarning,
        fmt::format(
            "{}; a probe that was written stays. Runs export nevertheless; older snapshots, "
            "expired files of the state table and what `prune` finds stay, too, and after "
            "a crash an export that must be voided may stop the next run",
            removed.error().message),
        removed.error().remedy);
  }
  if (!removed) return findings.AddFault(removed.error());
  findings.Add(
      Severity::kOk,
      fmt::format(
          "{}: wrote a probe, read it, was refused a conditional write over it, and removed it",
          at.ToString()));
  if (role == StoreRole::kDestination) CheckUploads(services, **store, at, findings);
}

/// False where the bucket can't be reached: a probe would only say so again.
bool CheckBucketOf(const Services& services, const Location& at, StoreRole role, BucketUse use,
                   Findings& findings) {
  if (at.scheme != Location::Scheme::kS3 || !services.open_bucket) return true;
  const auto options = StoreOptionsFor(*services.config, role, services.cancel);
  use.prefix = onboard::PrefixOf(at);
  use.encryption = options.encryption;
  use.region = options.region;
  const auto settings = services.open_bucket(at.bucket, role, services.cancel);
  if (!settings) {
    findings.AddFault(settings.error());
    return false;
  }
  return CheckBucket(**settings, use, findings);
}

/// False where exports of a table could not be followed.
bool AddUnwritable(const Services& services, const state::ExportState& state, Findings& findings) {
  std::set<std::string> said;  // most of it holds for all tables
  for (const config::Table& table : services.config->tables) {
    if (!KeepsState(table)) continue;
    const auto writable = state.RequireWritable(table.table, ProgressOf(table));
    if (!writable && said.insert(writable.error().message).second) {
      findings.AddFault(writable.error());
    }
  }
  return said.empty();
}

void CheckStateTable(const Services& services, const Location& at, Findings& findings) {
  const auto store = services.open_store(at, StoreRole::kState, services.cancel);
  if (!store) return findings.AddFault(store.error());
  const state::ExportState state(*store, services.wall, services.entropy);
  const auto view = state.Read();
  if (!view) return findings.AddFault(view.error());
  if (!AddUnwritable(services, state, findings)) return;
  CheckStateWrites(services, **store, at, view->exists, findings);
  findings.Add(Severity::kOk,
               view->exists ? fmt::format("{}: version {}, {}", at.ToString(), view->version.value,
                                          Plural(std::ssize(view->rows), "row"))
                            : fmt::format("{}: will be created by the first run", at.ToString()));
}

}  // namespace

std::vector<Finding> CheckDestination(const Services& services) {
  Findings destination("destination");
  LearnSources(services);
  const auto places = FindPlaces(services);
  if (!places) {
    destination.AddFault(places.error());
    return std::move(destination).Take();
  }
  BucketUse use;
  if (services.config->partner.role_arn && places->destination.scheme == Location::Scheme::kS3) {
    std::vector<const config::Table*> tables;
    for (const auto& table : services.config->tables) tables.push_back(&table);
    use.partner = onboard::AccessOf(*services.config->partner.role_arn, places->destination,
                                    places->state, tables);
  }
  bool reachable = CheckBucketOf(services, places->destination, StoreRole::kDestination,
                                 std::move(use), destination);
  if (reachable) CheckProbe(services, places->destination, StoreRole::kDestination, destination);
  std::vector<Finding> all = std::move(destination).Take();

  Findings state("state");
  const auto beside = places->state.Parent();
  const bool is_elsewhere = places->state.bucket != places->destination.bucket;
  if (is_elsewhere) reachable = true;
  if (beside && beside->ToString() != places->destination.ToString()) {
    if (is_elsewhere) {
      reachable = CheckBucketOf(services, *beside, StoreRole::kState, {}, state);
    }
    if (reachable) CheckProbe(services, *beside, StoreRole::kState, state);
  }
  if (reachable) {
    CheckStateTable(services, places->state, state);
  } else {
    state.Add(Severity::kNote,
              places->state.ToString() + ": not checked, because its bucket cannot be reached");
  }
  for (auto& finding : std::move(state).Take()) all.push_back(std::move(finding));
  return all;
}

}  // namespace sluice::exporter
