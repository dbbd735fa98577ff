#include "sluice/ledger/ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/ledger/chain_check.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/ledger/record_fields.h"
#include "sluice/ledger/run_note.h"
#include "sluice/runtime/executor.h"

namespace sluice::ledger {
namespace {

using store::Key;
using store::ObjectStore;

/// An object store answers many small requests at once, and it does not slow down a disk.
constexpr int kRequestsAtOnce = 16;

using Found = LedgerEntries;

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('/') + 1); }

using Numbers = std::map<int64_t, Found>;

void Note(const store::ObjectInfo& object, const Key& folder, Numbers& numbers) {
  if (object.key.find('/', folder.size()) != Key::npos) return;
  const auto entry = ParseLedgerEntry(LastPart(object.key));
  if (!entry) return;
  Found& found = numbers[entry->n];
  using Type = LedgerEntryName::Type;
  if (entry->type == Type::kIntent) found.intent = true;
  if (entry->type == Type::kHeartbeat) found.heartbeat = true;
  if (entry->type == Type::kDecision) {
    found.generation = std::max(found.generation, entry->generation);
  }
}

/// A heartbeat alone proves nothing: it is written after the intent, and may outlive a repair.
void DropLoneHeartbeats(Numbers& numbers) {
  std::erase_if(
      numbers, [](const auto& item) { return !item.second.intent && item.second.generation == 0; });
}

/// All of a ledger; grows with its age.
Result<Numbers> ListAllNumbers(const ObjectStore& ledger, const Key& folder) {
  Numbers numbers;
  SLUICE_RETURN_IF_ERROR(ledger.List(folder, {}, [&](const store::ObjectInfo& object) {
    Note(object, folder, numbers);
    return true;
  }));
  DropLoneHeartbeats(numbers);
  return numbers;
}

/// The entries of one export.
Result<Found> FindNumber(const ObjectStore& ledger, const Key& folder, int64_t n) {
  Numbers numbers;
  SLUICE_RETURN_IF_ERROR(
      ledger.List(folder + FormatNumber(n) + ".", {}, [&](const store::ObjectInfo& object) {
        Note(object, folder, numbers);
        return true;
      }));
  return numbers[n];
}

/// True if any number beyond `n` has an entry.
Result<bool> AnyBeyond(const ObjectStore& ledger, const Key& folder, int64_t n) {
  bool any = false;
  // '/' comes after '.': the entries of n itself are passed over.
  SLUICE_RETURN_IF_ERROR(
      ledger.List(folder, folder + FormatNumber(n) + "/", [&](const store::ObjectInfo& object) {
        any = ParseLedgerEntry(LastPart(object.key)).has_value();
        return false;
      }));
  return any;
}

/// The numbers from `from` on, if they are few; else those about the newest one.
Result<Numbers> ListNewest(const ObjectStore& ledger, const Key& folder, int64_t from) {
  constexpr int kFew = 900;  // objects: a page of S3 holds 1000
  while (true) {
    Numbers numbers;
    int seen = 0;
    const Key after = from > 0 ? folder + FormatNumber(from) : Key();
    SLUICE_RETURN_IF_ERROR(ledger.List(folder, after, [&](const store::ObjectInfo& object) {
      Note(object, folder, numbers);
      return ++seen <= kFew;
    }));
    if (seen <= kFew) {
      DropLoneHeartbeats(numbers);
      return numbers;
    }
    // Ever longer strides until nothing lies beyond, then halves of the last one.
    int64_t low = numbers.rbegin()->first, stride = kFew;
    while (true) {
      SLUICE_ASSIGN_OR_RETURN(const bool beyond, AnyBeyond(ledger, folder, low + stride));
      if (!beyond) break;
      low += stride;
      stride *= 2;
    }
    for (; stride > 1; stride /= 2) {
      const int64_t middle = low + stride / 2;
      SLUICE_ASSIGN_OR_RETURN(const bool beyond, AnyBeyond(ledger, folder, middle));
      if (beyond) low = middle;
    }
    from = std::max<int64_t>(1, low - 1);
  }
}

/// kCorrupt if the record in `key` is not about the export that its name says.
template <typename Record>
Result<Record> OfNumber(Result<Record> record, int64_t n, const std::string& key) {
  if (record && record->n != n) {
    return Fail(NotARecord(key, fmt::format("field 'n' is {}, not {}", record->n, n)));
  }
  return record;
}

Result<Decision> GetDecision(const ObjectStore& ledger, const Key& folder, int64_t n,
                             int generation) {
  const Key key = DecisionKey(folder, n, generation);
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ledger.Get(key));
  const std::string shown = ledger.DisplayName(key);
  return OfNumber(ParseDecision(text, shown), n, shown);
}

Result<bool> Exists(const ObjectStore& store, const Key& key) {
  auto head = store.Head(key);
  if (head) return true;
  if (head.error().kind == ErrorKind::kNotFound) return false;
  return Fail(std::move(head).error());
}

/// `decision`, of which `manifest` says that it was voided.
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
               std::string name, Key folder)
    : ledger_store_(std::move(ledger_store)),
      destination_(std::move(destination)),
      name_(std::move(name)),
      folder_(folder.empty() ? LedgerFolder(name_) : std::move(folder)) {}

Result<int64_t> Ledger::PublishedHint() const {
  auto text = destination_->Get(PublishedHeartbeatKey(name_));
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return 0;
    return Fail(std::move(text).error());
  }
  const auto json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("n") || !json["n"].is_number_integer()) {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("{}: does not name the newest export",
                                  destination_->DisplayName(PublishedHeartbeatKey(name_))),
                      "run `sluice run NAME`, which writes it again"});
  }
  return std::max<int64_t>(0, json["n"].get<int64_t>());
}

Result<Numbers> Ledger::FindNewest(int64_t hint) const {
  SLUICE_ASSIGN_OR_RETURN(auto numbers, ListNewest(*ledger_store_, folder_, hint));
  if (hint == 0) return numbers;
  const auto found = numbers.find(hint);
  if (found != numbers.end() && found->second.generation > 0) return numbers;
  // The heartbeat is of another ledger, or so old that the listing began beyond it.
  SLUICE_ASSIGN_OR_RETURN(const bool decided,
                          Exists(*ledger_store_, DecisionKey(folder_, hint, 1)));
  if (decided && !numbers.empty()) return numbers;
  return ListNewest(*ledger_store_, folder_, 0);
}

Result<std::optional<std::string>> Ledger::MarkOfNewest(int64_t n) const {
  std::string mark;
  bool decided = false, identity = false, beyond = false;
  SLUICE_RETURN_IF_ERROR(
      ledger_store_->List(folder_, folder_ + FormatNumber(n), [&](const store::ObjectInfo& object) {
        const std::string_view file = std::string_view(object.key).substr(folder_.size());
        const auto entry = ParseLedgerEntry(file);
        using Type = LedgerEntryName::Type;
        if (entry && entry->type == Type::kHeartbeat) return true;
        const bool is_identity = ParseIdentityName(file).has_value();
        if (!entry && !is_identity) return true;
        beyond = entry && entry->n != n;
        decided = decided || (entry && entry->type == Type::kDecision);
        identity = identity || is_identity;
        mark +=
            fmt::format("{} {} {} {}\n", file, object.size, object.modified.micros, object.etag);
        return !beyond;
      }));
  if (beyond || !decided || !identity) return std::nullopt;
  return DigestOfText(mark);
}

int64_t Ledger::NotedAsSettled() const {
  const auto last = ReadLastRun(*ledger_store_, folder_).value_or(std::nullopt);
  return last ? last->settled : 0;
}

Result<int64_t> Ledger::ReadableHint() const {
  const auto hint = PublishedHint();
  if (!hint && hint.error().kind != ErrorKind::kCorrupt) return Fail(hint.error());
  return hint.value_or(0);
}

Error Ledger::LostEnd(const LedgerView& view, int64_t settled) const {
  const NumberRange lost{view.newest_decided() + 1, settled};
  const bool one = lost.first == lost.last;
  return Error{ErrorKind::kConflict,
               fmt::format("{} {} published, and {} no longer in {}",
                           one ? fmt::format("export {}", lost.first)
                               : fmt::format("exports {} to {}", lost.first, lost.last),
                           one ? "was" : "were", one ? "its decision is" : "their decisions are",
                           ledger_store_->DisplayName(folder_)),
               LossRemedy(name_, lost, view.position())};
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
                  destination_->DisplayName(found), ledger_store_->DisplayName(folder_)),
      "if `state` was moved, move the ledger into that folder, too; otherwise restore it, or give "
      "the table another `name`, whose exports start again at 1"});
}

Result<LedgerView> Ledger::Load(Loss loss) const {
  // Before the listing, which can only show more than was settled then.
  SLUICE_ASSIGN_OR_RETURN(const int64_t hint, ReadableHint());
  const int64_t settled = hint > 0 ? hint : NotedAsSettled();
  SLUICE_ASSIGN_OR_RETURN(LedgerView view, LoadFrom(hint));
  view.settled = settled;
  if (loss == Loss::kAccept || view.settled <= view.newest_decided()) return view;
  // Where its manifest is there, it is not given up.
  SLUICE_RETURN_IF_ERROR(RequireUnpublished(view.newest_decided() + 1));
  return Fail(LostEnd(view, view.settled));
}

Result<LedgerView> Ledger::LoadFrom(int64_t hint) const {
  SLUICE_ASSIGN_OR_RETURN(auto numbers, FindNewest(hint));
  LedgerView view;
  if (numbers.empty()) {
    const Status fresh = RequireNoManifest();
    if (fresh) return view;
    // Another runner may have done the first export between the two looks.
    SLUICE_ASSIGN_OR_RETURN(numbers, ListNewest(*ledger_store_, folder_, 0));
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
    // An undecided intent of a later format is voided by the next runner, not obeyed.
  }
  if (found.generation > 0) {
    SLUICE_ASSIGN_OR_RETURN(Decision recorded,
                            GetDecision(*ledger_store_, folder_, newest, found.generation));
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
                            ledger_store_->DisplayName(folder_), newest, newest - 1),
                "restore the ledger folder; sluice never deletes decisions"});
    }
  }
  if (found.heartbeat) {
    const Key key = RunnerHeartbeatKey(folder_, newest);
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
  SLUICE_ASSIGN_OR_RETURN(const bool decided, Exists(*ledger_store_, DecisionKey(folder_, n, 1)));
  if (decided) return {};
  return Fail(Error{
      ErrorKind::kConflict,
      fmt::format("{} is published, but its decision {} is gone", destination_->DisplayName(key),
                  ledger_store_->DisplayName(DecisionKey(folder_, n, 1))),
      "restore that decision from a backup or an older version of the object; sluice never "
      "deletes one"});
}

Status Ledger::RecordIdentity() const {
  if (!identity_) return {};
  const Key key = IdentityKey(folder_, 1);
  SLUICE_ASSIGN_OR_RETURN(const auto put, ledger_store_->PutIfAbsent(key, Serialize(*identity_)));
  if (put == store::PutOutcome::kCreated) return {};
  // Another runner began it since we looked.
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ledger_store_->Get(key));
  SLUICE_ASSIGN_OR_RETURN(const auto recorded,
                          ParseIdentity(text, ledger_store_->DisplayName(key)));
  const auto differences = Differences(recorded, *identity_, /*with_state=*/true);
  if (differences.empty()) return {};
  return Fail(ErrorKind::kConflict, "{} was begun by another config meanwhile, for {}",
              ledger_store_->DisplayName(folder_), fmt::join(differences, ", "));
}

Result<store::PutOutcome> Ledger::PutIntent(const Intent& intent) {
  SLUICE_RETURN_IF_ERROR(RecordIdentity());
  identity_.reset();
  return ledger_store_->PutIfAbsent(IntentKey(folder_, intent.n), Serialize(intent));
}

Result<store::PutOutcome> Ledger::PutDecision(const Decision& decision) {
  return ledger_store_->PutIfAbsent(DecisionKey(folder_, decision.n, decision.generation),
                                    Serialize(decision));
}

Result<store::PutOutcome> Ledger::PutManifest(const Manifest& manifest) {
  return destination_->PutIfAbsent(ManifestKey(name_, manifest.n), Serialize(manifest));
}

Status Ledger::PutTombstone(const Manifest& tombstone) {
  return destination_->Put(ManifestKey(name_, tombstone.n), Serialize(tombstone));
}

Status Ledger::PutHeartbeat(int64_t n, const Heartbeat& heartbeat) {
  return ledger_store_->Put(RunnerHeartbeatKey(folder_, n), Serialize(heartbeat));
}

Status Ledger::PutPublishedHeartbeat(int64_t newest_settled, Timestamp now,
                                     std::string_view program) {
  const nlohmann::json json = {{"format", kFormat},
                               {"name", name_},
                               {"n", newest_settled},
                               {"at", FormatTimestamp(now)},
                               {"program", program}};
  return destination_->Put(
      PublishedHeartbeatKey(name_),
      json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

Result<std::optional<Decision>> Ledger::ReadDecision(int64_t n) const {
  SLUICE_ASSIGN_OR_RETURN(const Found found, FindNumber(*ledger_store_, folder_, n));
  if (found.generation == 0) return std::nullopt;
  SLUICE_ASSIGN_OR_RETURN(Decision recorded,
                          GetDecision(*ledger_store_, folder_, n, found.generation));
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
  const Key key = IntentKey(folder_, n);
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ledger_store_->Get(key));
  const std::string shown = ledger_store_->DisplayName(key);
  return OfNumber(ParseIntent(text, shown), n, shown);
}

Result<std::optional<Manifest>> Ledger::ReadManifest(int64_t n) const {
  const Key key = ManifestKey(name_, n);
  auto text = destination_->Get(key);
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return std::nullopt;
    return Fail(std::move(text).error());
  }
  const std::string shown = destination_->DisplayName(key);
  SLUICE_ASSIGN_OR_RETURN(auto manifest, OfNumber(ParseManifest(*text, shown), n, shown));
  return std::optional(std::move(manifest));
}

Result<std::vector<Manifest>> Ledger::ReadManifests() const {
  std::vector<int64_t> numbers;
  SLUICE_RETURN_IF_ERROR(
      destination_->List(ManifestFolder(name_), {}, [&](const store::ObjectInfo& object) {
        if (const auto n = ParseManifestName(LastPart(object.key))) numbers.push_back(*n);
        return true;
      }));
  return ReadManifests(numbers);
}

Result<std::vector<Manifest>> Ledger::ReadManifests(const std::vector<int64_t>& numbers) const {
  std::vector<std::optional<Manifest>> read(numbers.size());
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
      numbers.size(), kRequestsAtOnce, runtime::CancelToken(), [&](size_t i) -> Status {
        SLUICE_ASSIGN_OR_RETURN(read[i], ReadManifest(numbers[i]));
        return {};
      }));
  std::vector<Manifest> manifests;
  for (auto& manifest : read) {
    if (manifest) manifests.push_back(*std::move(manifest));
  }
  return manifests;
}

Result<Ledger::Numbers> Ledger::ListNumbers() const {
  // The manifests first: each comes after its decision.
  Numbers numbers;
  SLUICE_RETURN_IF_ERROR(
      destination_->List(ManifestFolder(name_), {}, [&](const store::ObjectInfo& object) {
        if (const auto n = ParseManifestName(LastPart(object.key))) numbers.published.insert(*n);
        return true;
      }));
  SLUICE_ASSIGN_OR_RETURN(const auto entries, ListAllNumbers(*ledger_store_, folder_));
  for (const auto& [n, found] : entries) {
    if (found.intent) numbers.begun.insert(n);
    if (found.generation > 0) numbers.decided.insert(n);
  }
  return numbers;
}

std::vector<int64_t> Ledger::Numbers::Unpublished() const {
  std::vector<int64_t> unpublished;
  std::set_difference(decided.begin(), decided.end(), published.begin(), published.end(),
                      std::back_inserter(unpublished));
  return unpublished;
}

Result<std::vector<Decision>> Ledger::ReadDecisions() const {
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, ListAllNumbers(*ledger_store_, folder_));
  std::vector<std::pair<int64_t, int>> decided;  // with its generation
  for (const auto& [n, found] : numbers) {
    if (found.generation > 0) decided.emplace_back(n, found.generation);
  }
  std::vector<Decision> decisions(decided.size());
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
      decided.size(), kRequestsAtOnce, runtime::CancelToken(), [&](size_t i) -> Status {
        const auto [n, generation] = decided[i];
        SLUICE_ASSIGN_OR_RETURN(decisions[i], GetDecision(*ledger_store_, folder_, n, generation));
        bool exists = false;
        SLUICE_ASSIGN_OR_RETURN(auto manifest, VoidManifest(decisions[i], &exists));
        if (manifest) decisions[i] = Overruled(decisions[i], *std::move(manifest));
        return {};
      }));
  return decisions;
}

}  // namespace sluice::ledger
