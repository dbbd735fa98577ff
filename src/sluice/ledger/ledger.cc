#include "sluice/ledger/ledger.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/ledger/ledger_path.h"

namespace sluice::ledger {
namespace {

using store::Key;
using store::ObjectStore;

/// What lies in the ledger folder for one number.
struct Found {
  bool intent = false;
  bool heartbeat = false;
  int generation = 0;  ///< of the latest decision; 0: none
};

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('/') + 1); }

Result<std::map<int64_t, Found>> ListNumbers(const ObjectStore& ledger, const std::string& name,
                                             int64_t from) {
  std::map<int64_t, Found> numbers;
  const Key folder = LedgerFolder(name);
  const Key after = from > 0 ? folder + FormatNumber(from) : Key();
  SLUICE_RETURN_IF_ERROR(ledger.List(folder, after, [&](const store::ObjectInfo& object) {
    const auto entry = ParseLedgerEntry(LastPart(object.key));
    if (!entry) return true;
    Found& found = numbers[entry->n];
    using Type = LedgerEntryName::Type;
    if (entry->type == Type::kIntent) found.intent = true;
    if (entry->type == Type::kHeartbeat) found.heartbeat = true;
    if (entry->type == Type::kDecision) {
      found.generation = std::max(found.generation, entry->generation);
    }
    return true;
  }));
  // A heartbeat alone proves nothing: it is written after the intent, and may outlive a repair.
  std::erase_if(
      numbers, [](const auto& item) { return !item.second.intent && item.second.generation == 0; });
  return numbers;
}

Result<Decision> GetDecision(const ObjectStore& ledger, const std::string& name, int64_t n,
                             int generation) {
  const Key key = DecisionKey(name, n, generation);
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ledger.Get(key));
  return ParseDecision(text, ledger.DisplayName(key));
}

Result<bool> Exists(const ObjectStore& store, const Key& key) {
  auto head = store.Head(key);
  if (head) return true;
  if (head.error().kind == ErrorKind::kNotFound) return false;
  return Fail(std::move(head).error());
}

/// `decision`, of which `manifest` says that it came to nothing.
Decision Overruled(const Decision& decision, Manifest manifest) {
  Decision voided;
  voided.n = decision.n;
  voided.generation = decision.generation;
  voided.attempt = decision.attempt;
  voided.runner = decision.runner;
  voided.manifest = std::move(manifest);
  // What the lost export would have left behind is still to be cleared away.
  voided.superseded = EverListed(decision);
  voided.overruled = true;
  return voided;
}

}  // namespace

const Position& LedgerView::position() const {
  static const Position kNone;
  if (decision) return decision->position;
  return previous ? previous->position : kNone;
}

Ledger::Ledger(std::shared_ptr<ObjectStore> ledger_store, std::shared_ptr<ObjectStore> destination,
               std::string name)
    : ledger_store_(std::move(ledger_store)),
      destination_(std::move(destination)),
      name_(std::move(name)) {}

Result<int64_t> Ledger::SettledHint() const {
  auto text = destination_->Get(PublishedHeartbeatKey(name_));
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return 0;
    return Fail(std::move(text).error());
  }
  const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("n") || !json["n"].is_number_integer()) return 0;
  const auto n = json["n"].get<int64_t>();
  if (n < 1) return 0;
  SLUICE_ASSIGN_OR_RETURN(const bool known, Exists(*destination_, ManifestKey(name_, n)));
  SLUICE_ASSIGN_OR_RETURN(const bool decided, Exists(*ledger_store_, DecisionKey(name_, n, 1)));
  return known && decided ? n : 0;
}

Status Ledger::RequireNoManifest() const {
  Key found;
  SLUICE_RETURN_IF_ERROR(
      destination_->List(ManifestFolder(name_), {}, [&](const store::ObjectInfo& object) {
        if (ParseManifestName(LastPart(object.key))) found = object.key;
        return found.empty();
      }));
  if (found.empty()) return {};
  return Fail(Error{
      ErrorKind::kConflict,
      fmt::format("{} is published, but the ledger that it belongs to is not in {}",
                  destination_->DisplayName(found),
                  ledger_store_->DisplayName(LedgerFolder(name_))),
      fmt::format("if `state` was moved, move _sluice/{}/ledger with it; otherwise restore that "
                  "folder, or give the table another `name`, whose exports begin anew",
                  name_)});
}

Result<LedgerView> Ledger::Load() const {
  SLUICE_ASSIGN_OR_RETURN(const int64_t hint, SettledHint());
  SLUICE_ASSIGN_OR_RETURN(auto numbers, ListNumbers(*ledger_store_, name_, hint));
  LedgerView view;
  if (numbers.empty()) {
    const Status fresh = RequireNoManifest();
    if (fresh) return view;
    // Another runner may have done the first export between the two looks.
    SLUICE_ASSIGN_OR_RETURN(numbers, ListNumbers(*ledger_store_, name_, 0));
    if (numbers.empty()) return Fail(fresh.error());
  }
  const auto& [newest, found] = *numbers.rbegin();
  view.newest = newest;
  if (found.intent) {
    auto intent = ReadIntent(newest);
    if (intent) {
      view.intent = std::move(*intent);
    } else if (intent.error().kind != ErrorKind::kUnsupported || found.generation > 0) {
      return Fail(std::move(intent).error());
    }
    // An undecided intent of a later format is voided by whoever comes next, not obeyed.
  }
  if (found.generation > 0) {
    SLUICE_ASSIGN_OR_RETURN(Decision recorded,
                            GetDecision(*ledger_store_, name_, newest, found.generation));
    SLUICE_ASSIGN_OR_RETURN(view.decision, Effective(std::move(recorded), &view.manifest));
    return view;
  }
  SLUICE_RETURN_IF_ERROR(RequireUnpublished(newest));
  if (newest > 1) {
    SLUICE_ASSIGN_OR_RETURN(view.previous, ReadDecision(newest - 1));
    if (!view.previous) {
      return Fail(
          Error{ErrorKind::kCorrupt,
                fmt::format("{}: export {} was begun, but the decision of export {} is gone",
                            ledger_store_->DisplayName(LedgerFolder(name_)), newest, newest - 1),
                "restore the ledger folder; sluice never deletes decisions"});
    }
  }
  if (found.heartbeat) {
    const Key key = RunnerHeartbeatKey(name_, newest);
    auto text = ledger_store_->Get(key);
    if (text) {
      auto heartbeat = ParseHeartbeat(*text, ledger_store_->DisplayName(key));
      if (heartbeat) view.heartbeat = std::move(*heartbeat);
    } else if (text.error().kind != ErrorKind::kNotFound) {
      return Fail(std::move(text).error());
    }
  }
  return view;
}

Status Ledger::RequireUnpublished(int64_t n) const {
  const Key key = ManifestKey(name_, n);
  SLUICE_ASSIGN_OR_RETURN(const bool published, Exists(*destination_, key));
  if (!published) return {};
  // Another runner may have decided and published it since the ledger was listed.
  SLUICE_ASSIGN_OR_RETURN(const bool decided, Exists(*ledger_store_, DecisionKey(name_, n, 1)));
  if (decided) return {};
  return Fail(Error{
      ErrorKind::kConflict,
      fmt::format("{} is published, but its decision {} is gone", destination_->DisplayName(key),
                  ledger_store_->DisplayName(DecisionKey(name_, n, 1))),
      "restore that decision from a backup or an older version of the object; sluice never "
      "deletes one"});
}

Result<store::PutOutcome> Ledger::PutIntent(const Intent& intent) {
  return ledger_store_->PutIfAbsent(IntentKey(name_, intent.n), Serialize(intent));
}

Result<store::PutOutcome> Ledger::PutDecision(const Decision& decision) {
  return ledger_store_->PutIfAbsent(DecisionKey(name_, decision.n, decision.generation),
                                    Serialize(decision));
}

Result<store::PutOutcome> Ledger::PutManifest(const Manifest& manifest) {
  return destination_->PutIfAbsent(ManifestKey(name_, manifest.n), Serialize(manifest));
}

Status Ledger::PutTombstone(const Manifest& tombstone) {
  return destination_->Put(ManifestKey(name_, tombstone.n), Serialize(tombstone));
}

Status Ledger::PutHeartbeat(int64_t n, const Heartbeat& heartbeat) {
  return ledger_store_->Put(RunnerHeartbeatKey(name_, n), Serialize(heartbeat));
}

Status Ledger::PutPublishedHeartbeat(int64_t newest_settled, Timestamp now,
                                     std::string_view program) {
  const nlohmann::json json = {{"format", kFormat},
                               {"name", name_},
                               {"n", newest_settled},
                               {"at", FormatTimestamp(now)},
                               {"program", program}};
  return destination_->Put(PublishedHeartbeatKey(name_), json.dump(2) + "\n");
}

Result<std::optional<Decision>> Ledger::ReadDecision(int64_t n) const {
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, ListNumbers(*ledger_store_, name_, n));
  const auto found = numbers.find(n);
  if (found == numbers.end() || found->second.generation == 0) return std::nullopt;
  SLUICE_ASSIGN_OR_RETURN(Decision recorded,
                          GetDecision(*ledger_store_, name_, n, found->second.generation));
  bool manifest_exists = false;
  SLUICE_ASSIGN_OR_RETURN(Decision decision, Effective(std::move(recorded), &manifest_exists));
  return std::optional(std::move(decision));
}

Result<std::optional<Manifest>> Ledger::VoidManifest(const Decision& decision,
                                                     bool* manifest_exists) const {
  const Key key = ManifestKey(name_, decision.n);
  auto text = destination_->Get(key);
  *manifest_exists = text.has_value();
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return std::nullopt;
    return Fail(std::move(text).error());
  }
  if (decision.is_void()) return std::nullopt;
  SLUICE_ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(*text, destination_->DisplayName(key)));
  // A snapshot that expired was whole once: its decision stands.
  if (manifest.kind != ExportKind::kVoid || manifest.expired) return std::nullopt;
  return std::optional(std::move(manifest));
}

Result<Decision> Ledger::Effective(Decision decision, bool* manifest_exists) const {
  SLUICE_ASSIGN_OR_RETURN(auto manifest, VoidManifest(decision, manifest_exists));
  if (!manifest) return decision;
  Decision voided = Overruled(decision, *std::move(manifest));
  if (decision.n > 1) {
    SLUICE_ASSIGN_OR_RETURN(const auto before, ReadDecision(decision.n - 1));
    if (before) voided.position = before->position;
  }
  // Nothing else may ever lie in its snapshot's folder, which is still to be cleared.
  if (decision.position.newest_snapshot) {
    voided.position.newest_snapshot = decision.position.newest_snapshot;
  }
  return voided;
}

Result<Intent> Ledger::ReadIntent(int64_t n) const {
  const Key key = IntentKey(name_, n);
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ledger_store_->Get(key));
  return ParseIntent(text, ledger_store_->DisplayName(key));
}

Result<std::optional<Manifest>> Ledger::ReadManifest(int64_t n) const {
  const Key key = ManifestKey(name_, n);
  auto text = destination_->Get(key);
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return std::nullopt;
    return Fail(std::move(text).error());
  }
  SLUICE_ASSIGN_OR_RETURN(auto manifest, ParseManifest(*text, destination_->DisplayName(key)));
  return std::optional(std::move(manifest));
}

Result<std::vector<Manifest>> Ledger::ReadManifests() const {
  SLUICE_ASSIGN_OR_RETURN(const auto objects, store::ListAll(*destination_, ManifestFolder(name_)));
  std::vector<Manifest> manifests;
  for (const auto& object : objects) {
    if (!ParseManifestName(LastPart(object.key))) continue;
    SLUICE_ASSIGN_OR_RETURN(const std::string text, destination_->Get(object.key));
    SLUICE_ASSIGN_OR_RETURN(auto manifest,
                            ParseManifest(text, destination_->DisplayName(object.key)));
    manifests.push_back(std::move(manifest));
  }
  return manifests;
}

Result<Ledger::Mismatch> Ledger::FindMismatch() const {
  // The manifests first: each comes after its decision.
  std::set<int64_t> published;
  SLUICE_RETURN_IF_ERROR(
      destination_->List(ManifestFolder(name_), {}, [&](const store::ObjectInfo& object) {
        if (const auto n = ParseManifestName(LastPart(object.key))) published.insert(*n);
        return true;
      }));
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, ListNumbers(*ledger_store_, name_, 0));
  Mismatch mismatch;
  for (const int64_t n : published) {
    const auto found = numbers.find(n);
    const bool decided = found != numbers.end() && found->second.generation > 0;
    if (!decided) mismatch.undecided.push_back(n);
  }
  for (const auto& [n, found] : numbers) {
    if (found.generation > 0 && !published.contains(n)) mismatch.unpublished.push_back(n);
  }
  if (!numbers.empty()) mismatch.newest = numbers.rbegin()->first;
  return mismatch;
}

Result<std::vector<Decision>> Ledger::ReadDecisions() const {
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, ListNumbers(*ledger_store_, name_, 0));
  std::vector<Decision> decisions;
  for (const auto& [n, found] : numbers) {
    if (found.generation == 0) continue;
    SLUICE_ASSIGN_OR_RETURN(auto decision, GetDecision(*ledger_store_, name_, n, found.generation));
    bool exists = false;
    SLUICE_ASSIGN_OR_RETURN(auto manifest, VoidManifest(decision, &exists));
    if (manifest) decision = Overruled(decision, *std::move(manifest));
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

}  // namespace sluice::ledger
