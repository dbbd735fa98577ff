#include "sluice/exporter/inspect/try_rights.h"

#include <optional>
#include <utility>

#include "sluice/exporter/session/session.h"
#include "sluice/exporter/session/source_log.h"
#include "sluice/exporter/session/store_options.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/runtime/entropy.h"

namespace sluice::exporter {
namespace {

using store::Location;

constexpr std::string_view kProbe = "probe\n";
constexpr const char* kNothingWritten = "not tried, because nothing could be written";

TriedRight Told(Right right, Trial status, std::string message = {}, std::string fix = {}) {
  TriedRight tried;
  tried.right = right;
  tried.status = status;
  tried.message = std::move(message);
  tried.fix = std::move(fix);
  return tried;
}

TriedRight FromStatus(Right right, const Status& status) {
  if (status) return Told(right, Trial::kAllowed);
  const Error& error = status.error();
  return Told(right, error.kind == ErrorKind::kPermission ? Trial::kRefused : Trial::kFailed,
              error.message, error.remedy);
}

template <typename T>
TriedRight FromResult(Right right, const Result<T>& result) {
  return FromStatus(right, result ? Status() : Status(Fail(result.error())));
}

TriedRight ReadBack(const store::ObjectStore& store, const store::Key& key) {
  const auto back = store.Get(key);
  if (back && *back != kProbe) {
    return Told(Right::kRead, Trial::kFailed, "other bytes came back than were written");
  }
  return FromResult(Right::kRead, back);
}

TriedRight WriteOver(store::ObjectStore& store, const store::Key& key) {
  const auto again = store.PutIfAbsent(key, "other\n");
  if (again && *again == store::PutOutcome::kCreated) {
    return Told(Right::kConditionalWrite, Trial::kFailed,
                "a conditional write replaced an existing object",
                "use a store that honours `If-None-Match: *`");
  }
  return FromResult(Right::kConditionalWrite, again);
}

Status Upload(store::ObjectStore& store, const store::Key& key) {
  SLUICE_ASSIGN_OR_RETURN(const auto writer, store.StartUpload(key));
  SLUICE_RETURN_IF_ERROR(
      writer->Append({reinterpret_cast<const uint8_t*>(kProbe.data()), kProbe.size()}));
  SLUICE_ASSIGN_OR_RETURN(const auto pending, writer->Finish());
  return store.AbortUpload(pending.key, pending.upload_id);
}

void Label(std::vector<TriedRight>& tried, const std::string& subject, const std::string& place) {
  for (auto& right : tried) {
    right.subject = subject;
    right.place = place;
  }
}

/// What cannot be tried, because the store cannot even be opened.
std::vector<TriedRight> Unreachable(const Error& error) {
  return {Told(Right::kList, Trial::kFailed, error.message, error.remedy)};
}

std::vector<TriedRight> TryPlace(const Services& services, const std::string& subject,
                                 const Location& at, StoreRole role) {
  const auto store = services.open_store(at, role, services.cancel);
  const bool key =
      at.scheme == Location::Scheme::kS3 &&
      services.config->destination.encryption.type == config::Encryption::Type::kSseKms;
  auto tried = store ? TryWriting(**store, runtime::RandomHex16(*services.entropy), key)
                     : Unreachable(store.error());
  Label(tried, subject, at.ToString());
  return tried;
}

std::vector<TriedRight> TrySource(const Services& services, const config::Table& table) {
  std::string place = table.table;  // until the catalog says where it lies
  if (table.path) {
    const auto at = store::ParseLocation(*table.path, services.config->folder);
    if (!at) return {};
    place = at->ToString();
  }
  const auto log = OpenLog(services, table);
  if (log && !table.path) place = log->store().DisplayName("");
  auto tried = log ? TryReading(log->store()) : Unreachable(log.error());
  Label(tried, table.table, place);
  return tried;
}

void Append(std::vector<TriedRight> more, std::vector<TriedRight>& all) {
  for (auto& tried : more) all.push_back(std::move(tried));
}

}  // namespace

std::string_view Name(Right right) {
  switch (right) {
    case Right::kList:
      return "list";
    case Right::kRead:
      return "read";
    case Right::kWrite:
      return "write";
    case Right::kConditionalWrite:
      return "conditional_write";
    case Right::kMultipart:
      return "multipart";
    case Right::kDelete:
      return "delete";
    case Right::kKms:
      return "kms";
  }
  return "list";
}

std::string_view Name(Trial trial) {
  switch (trial) {
    case Trial::kAllowed:
      return "allowed";
    case Trial::kRefused:
      return "refused";
    case Trial::kFailed:
      return "failed";
    case Trial::kNotTried:
      return "not_tried";
  }
  return "not_tried";
}

std::vector<TriedRight> TryWriting(store::ObjectStore& store, std::string_view random_hex16,
                                   bool key) {
  const store::Key probe = ledger::ProbeKey(random_hex16);
  std::vector<TriedRight> tried;
  tried.push_back(FromStatus(
      Right::kList, store.List(ledger::ProbeFolder(), "", [](const auto&) { return false; })));
  const auto put = store.PutIfAbsent(probe, kProbe);
  tried.push_back(FromResult(Right::kWrite, put));
  if (!put) {
    for (const Right right :
         {Right::kRead, Right::kConditionalWrite, Right::kMultipart, Right::kDelete, Right::kKms}) {
      tried.push_back(Told(right, Trial::kNotTried, kNothingWritten));
    }
    return tried;
  }
  const TriedRight read = ReadBack(store, probe);
  tried.push_back(read);
  tried.push_back(WriteOver(store, probe));
  tried.push_back(FromStatus(Right::kMultipart, Upload(store, probe)));
  tried.push_back(FromStatus(Right::kDelete, store.Delete(probe)));
  TriedRight kms = Told(Right::kKms, Trial::kNotTried, "the config asks for no key");
  if (key) {
    kms = read;
    kms.right = Right::kKms;
    if (kms.status == Trial::kAllowed) kms.message = "wrote and read an object under the key";
  }
  tried.push_back(std::move(kms));
  return tried;
}

std::vector<TriedRight> TryReading(const store::ObjectStore& store) {
  std::optional<store::ObjectInfo> found;
  const Status listed = store.List("_delta_log/", "", [&](const store::ObjectInfo& object) {
    found = object;
    return object.size == 0;
  });
  std::vector<TriedRight> tried{FromStatus(Right::kList, listed)};
  if (!found) {
    tried.push_back(Told(Right::kRead, Trial::kNotTried,
                         listed ? "not tried, because `_delta_log` holds nothing"
                                : "not tried, because nothing could be listed"));
    return tried;
  }
  tried.push_back(FromResult(Right::kRead, store.Get(found->key)));
  return tried;
}

std::vector<TriedRight> TryRights(const Services& services,
                                  const std::vector<const config::Table*>& tables) {
  std::vector<TriedRight> all;
  const auto places = FindPlaces(services);
  if (!places) return all;  // a finding says it
  Append(TryPlace(services, "destination", places->destination, StoreRole::kDestination), all);
  const auto beside = places->state.Parent();
  if (beside && beside->ToString() != places->destination.ToString()) {
    Append(TryPlace(services, "state", *beside, StoreRole::kState), all);
  }
  for (const auto* table : tables) {
    if (!services.cancel.cancelled()) Append(TrySource(services, *table), all);
  }
  return all;
}

}  // namespace sluice::exporter
