#include "sluice/simulation/invariant_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/ledger/in_force.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/plan/output_layout.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"

namespace sluice::simulation {
namespace {

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('/') + 1); }

}  // namespace

InvariantWatch::InvariantWatch(std::shared_ptr<store::ObjectStore> destination,
                               std::shared_ptr<store::ObjectStore> state, std::string name,
                               bool keeps_state)
    : destination_(std::move(destination)),
      name_(std::move(name)),
      keeps_state_(keeps_state),
      ledger_(std::make_shared<ledger::Ledger>(destination_, destination_, name_)),
      state_(std::make_unique<state::ExportState>(std::move(state), runtime::SystemClock(),
                                                  runtime::SeededEntropy(1))) {}

std::vector<std::string> InvariantWatch::violations() const {
  const MutexLock lock(mutex_);
  return violations_;
}

void InvariantWatch::Note(std::string violation) {
  const MutexLock lock(mutex_);
  violations_.push_back(std::move(violation));
}

void InvariantWatch::Before(int runner, const Call& call) {
  if (call.place == Place::kSource && Changes(call)) {
    Note(fmt::format("the source is written to: {} {}", call.operation, call.key));
  }
  if (call.place != Place::kDestination) return;
  if (call.operation == "Delete") CheckDeletion(call);
  if (call.operation == "AbortUpload") CheckAbort(runner, call);
}

void InvariantWatch::Done(int runner, const Call& call, bool changed) {
  if (call.operation == "PutIfAbsent" && changed) CheckCreated(call);
  if (call.place != Place::kDestination || !changed) return;
  if (call.operation == "StartUpload") {
    const MutexLock lock(mutex_);
    started_by_[call.upload_id] = runner;
  }
  if (call.operation == "CompleteUpload") CheckCompleted(call);
  const bool put = call.operation == "PutIfAbsent" || call.operation == "Put";
  if (!put) return;
  if (call.key.starts_with(ledger::ManifestFolder(name_))) CheckPublished(call);
  if (!call.key.starts_with(ledger_->folder())) return;
  const auto entry = ledger::ParseLedgerEntry(LastPart(call.key));
  if (entry && entry->type == ledger::LedgerEntryName::Type::kIntent) CheckBegun(entry->n);
}

void InvariantWatch::CheckCreated(const Call& call) {
  const MutexLock lock(mutex_);
  if (created_.emplace(call.place, call.key).second) return;
  violations_.push_back(fmt::format("{} was created twice", call.key));
}

void InvariantWatch::CheckBegun(int64_t n) {
  if (n == 1) return;
  const auto before = ledger_->ReadDecision(n - 1);
  if (!before || !*before) {
    return Note(fmt::format("number {} began before {} was decided", n, n - 1));
  }
  const auto manifest = ledger_->ReadManifest(n - 1);
  if (!manifest || !*manifest) {
    return Note(fmt::format("number {} began before {} was published", n, n - 1));
  }
  if ((*before)->is_void() || !keeps_state_) return;
  const auto followed = state_->FollowedThrough("sluice/" + name_);
  if (!followed || followed->value_or(0) < n - 1) {
    Note(fmt::format("number {} began before the state followed {}", n, n - 1));
  }
}

void InvariantWatch::CheckPublished(const Call& call) {
  const auto manifest = ledger::ParseManifest(call.bytes, call.key);
  if (!manifest) return Note(fmt::format("{} is not a manifest", call.key));
  if (call.operation == "Put" && !manifest->expired) {
    Note(fmt::format("{} was overwritten", call.key));
  }
  for (const auto& file : manifest->files) {
    const auto head = destination_->Head(file.path);
    if (!head || head->size != file.size) {
      Note(fmt::format("manifest {} was there before its file {}", manifest->n, file.path));
    }
  }
}

void InvariantWatch::CheckCompleted(const Call& call) {
  const auto name = plan::ParseDataFileName(LastPart(call.key));
  if (!name) return Note(fmt::format("{} became visible and has no name of ours", call.key));
  for (int generation = 1;; ++generation) {
    const auto text =
        destination_->Get(ledger::DecisionKey(ledger_->folder(), name->n, generation));
    if (!text) break;
    const auto decision = ledger::ParseDecision(*text, call.key);
    if (!decision) continue;
    const bool listed =
        std::any_of(decision->files.begin(), decision->files.end(),
                    [&](const auto& file) { return file.upload.upload_id == call.upload_id; });
    if (listed) return;
  }
  Note(fmt::format("{} became visible and no decision lists it", call.key));
}

bool InvariantWatch::IsDecided(int64_t n) const {
  return destination_->Head(ledger::DecisionKey(ledger_->folder(), n, 1)).has_value();
}

bool InvariantWatch::IsInForce(const store::Key& key) const {
  const auto in_force =
      ledger::InForce(ledger_->ReadManifests().value_or(std::vector<ledger::Manifest>()));
  return std::any_of(in_force.begin(), in_force.end(), [&](const ledger::Manifest& manifest) {
    return std::any_of(manifest.files.begin(), manifest.files.end(),
                       [&](const auto& file) { return file.path == key; });
  });
}

void InvariantWatch::CheckDeletion(const Call& call) {
  if (call.key.starts_with("_sluice/")) return Note(fmt::format("{} was deleted", call.key));
  const auto name = plan::ParseDataFileName(LastPart(call.key));
  if (!name) return;  // _SUCCESS
  if (!IsDecided(name->n)) {
    return Note(fmt::format("{} was deleted and {} is not decided", call.key, name->n));
  }
  if (IsInForce(call.key)) Note(fmt::format("{} is published and was deleted", call.key));
}

void InvariantWatch::CheckAbort(int runner, const Call& call) {
  const auto name = plan::ParseDataFileName(LastPart(call.key));
  if (!name || IsDecided(name->n)) return;
  const MutexLock lock(mutex_);
  const auto started = started_by_.find(call.upload_id);
  if (started != started_by_.end() && started->second != runner) {
    violations_.push_back(fmt::format(
        "an upload of {} was aborted by another and {} is not decided", call.key, name->n));
  }
}

}  // namespace sluice::simulation
