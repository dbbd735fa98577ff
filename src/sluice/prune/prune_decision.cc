#include "sluice/prune/prune_decision.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "sluice/exporter/commit/snapshot_marker.h"
#include "sluice/ledger/in_force.h"
#include "sluice/plan/output_layout.h"

namespace sluice::prune {
namespace {

using ledger::ExportKind;
using ledger::Manifest;
using store::Key;

/// Where an object lies in the layout of its table.
struct Placed {
  std::string_view folder;     ///< the data folder, with '/'
  std::string_view partition;  ///< valid for the pattern
  std::string_view file;
};

/// nullopt for keys where no export puts files.
std::optional<Placed> Place(const PruneInput& input, std::string_view key) {
  for (const auto& folder : plan::DataFolders(input.pattern, input.name)) {
    if (!key.starts_with(folder)) continue;
    const size_t slash = key.rfind('/');
    if (slash < folder.size()) return std::nullopt;
    const std::string_view partition = key.substr(folder.size(), slash - folder.size());
    if (!plan::IsPartitionFolder(partition, input.pattern)) return std::nullopt;
    return Placed{key.substr(0, folder.size()), partition, key.substr(slash + 1)};
  }
  return std::nullopt;
}

/// The export that wrote a data file; nullopt for foreign files.
std::optional<int64_t> NumberOf(const PruneInput& input, std::string_view key) {
  const auto placed = Place(input, key);
  if (!placed) return std::nullopt;
  const auto name = plan::ParseDataFileName(placed->file);
  return name ? std::optional(name->n) : std::nullopt;
}

/// The snapshot's time, where `key` is the _SUCCESS beside a snapshot's or seed's files.
std::optional<Timestamp> MarkerTime(const PruneInput& input, std::string_view key) {
  const auto placed = Place(input, key);
  if (!placed || key != plan::SuccessKey(placed->folder, placed->partition)) return std::nullopt;
  return plan::ParseSnapshotFolder(placed->partition);
}

bool IsVoid(const Manifest& manifest) {
  return manifest.kind == ExportKind::kVoid && !manifest.expired;
}

/// What the manifests say of which export is in force, without their lists of files.
std::vector<Manifest> Outlines(const PruneInput& input) {
  std::vector<Manifest> outlines;
  outlines.reserve(input.numbers.size());
  for (const auto& [n, facts] : input.numbers) {
    if (!facts.manifest) continue;
    Manifest outline;
    outline.n = n;
    outline.kind = facts.manifest->kind;
    outline.expired = facts.manifest->expired;
    outline.table_id = facts.manifest->table_id;
    outline.start = facts.manifest->start;
    outline.end = facts.manifest->end;
    outline.replaces = facts.manifest->replaces;
    outlines.push_back(std::move(outline));
  }
  return outlines;
}

/// What the manifests together say.
class Published {
 public:
  explicit Published(const PruneInput& input) : input_(input) {
    for (const auto& [n, judgement] : ledger::JudgeExports(Outlines(input))) {
      const auto by = input.numbers.find(judgement.by);
      if (judgement.by == 0 || by == input.numbers.end()) continue;
      if (input.now - by->second.published >= input.replaced_grace) replaced_[n] = judgement;
    }
    for (const auto& [n, facts] : input.numbers) {
      if (!facts.manifest || replaced_.contains(n)) continue;
      for (const auto& file : facts.manifest->files) named_.insert(file.path);
      for (const auto& partition : facts.manifest->partitions_touched) {
        partitions_.insert(partition);
      }
    }
  }

  bool IsNamed(const Key& key) const { return named_.contains(key); }
  bool IsTouched(std::string_view partition) const { return partitions_.contains(partition); }

  /// 0: by none, or so lately that its files have to stay.
  int64_t ReplacedBy(int64_t n) const {
    const auto found = replaced_.find(n);
    return found == replaced_.end() ? 0 : found->second.by;
  }

  /// nullptr where it is in force, or its files have to stay.
  const ledger::Judgement* Judged(int64_t n) const {
    const auto found = replaced_.find(n);
    return found == replaced_.end() ? nullptr : &found->second;
  }

  /// Why files of export n that no manifest names may go; nullopt if it is not settled.
  std::optional<PruneReason> ReasonFor(int64_t n) const {
    const auto found = input_.numbers.find(n);
    if (found == input_.numbers.end()) return std::nullopt;
    const NumberFacts& facts = found->second;
    if (!facts.decision || !facts.manifest || facts.decision->overruled) return std::nullopt;
    if (facts.manifest->expired) return PruneReason::kExpired;
    if (IsVoid(*facts.manifest)) return PruneReason::kVoid;
    const auto replaced = replaced_.find(n);
    if (replaced == replaced_.end()) return PruneReason::kUnnamed;
    return replaced->second.standing == ledger::Standing::kForgotten ? PruneReason::kForgotten
                                                                     : PruneReason::kReplaced;
  }

 private:
  const PruneInput& input_;
  std::map<int64_t, ledger::Judgement> replaced_;  ///< and out of their grace
  std::unordered_set<Key> named_;
  std::set<std::string, std::less<>> partitions_;
};

/// What the latest decision of a settled export lists, for as long as the export can be read.
std::unordered_set<Key> DecidedKeys(const PruneInput& input, const Published& published) {
  std::unordered_set<Key> keys;
  for (const auto& [n, facts] : input.numbers) {
    if (published.ReasonFor(n) != PruneReason::kUnnamed) continue;
    for (const auto& file : facts.decision->files) keys.insert(file.upload.key);
  }
  return keys;
}

/// The _SUCCESS objects of snapshots that expired or were voided.
std::map<Key, int64_t> GoneMarkers(const PruneInput& input, const Published& published) {
  std::map<Key, int64_t> markers;
  for (const auto& [n, facts] : input.numbers) {
    const auto reason = published.ReasonFor(n);
    if (reason != PruneReason::kExpired && reason != PruneReason::kVoid) continue;
    for (auto& key : exporter::MarkersOf(input.name, ledger::EverListed(*facts.decision))) {
      markers.emplace(std::move(key), n);
    }
  }
  return markers;
}

/// Exports that say of one in `numbers` that it was replaced or forgotten: their decisions must say so, too.
void AddWitnesses(const PruneInput& input, const Published& published, std::set<int64_t>& numbers) {
  std::set<int64_t> witnesses;
  for (const int64_t n : numbers) {
    const auto* judgement = published.Judged(n);
    if (judgement == nullptr) continue;
    witnesses.insert(judgement->by);
    if (judgement->standing != ledger::Standing::kForgotten) continue;
    // It takes all later windows together.
    for (const auto& [other, facts] : input.numbers) witnesses.insert(other);
    break;
  }
  numbers.insert(witnesses.begin(), witnesses.end());
}

PruneAction ActionOn(const Published& published, PruneKind kind, int64_t n, Key key) {
  PruneAction action;
  action.kind = kind;
  action.reason = *published.ReasonFor(n);
  action.key = std::move(key);
  action.n = n;
  action.replaced_by = published.ReplacedBy(n);
  return action;
}

}  // namespace

std::string_view Name(PruneKind kind) {
  switch (kind) {
    case PruneKind::kFile:
      return "file";
    case PruneKind::kMarker:
      return "marker";
    case PruneKind::kUpload:
      return "upload";
    case PruneKind::kSnapshot:
      return "snapshot";
    case PruneKind::kTemporary:
      return "temporary";
    case PruneKind::kProbe:
      return "probe";
  }
  return "file";
}

std::string_view Name(PruneReason reason) {
  switch (reason) {
    case PruneReason::kUnnamed:
      return "unnamed";
    case PruneReason::kVoid:
      return "void";
    case PruneReason::kReplaced:
      return "replaced";
    case PruneReason::kForgotten:
      return "forgotten";
    case PruneReason::kExpired:
      return "expired";
    case PruneReason::kAbandoned:
      return "abandoned";
  }
  return "unnamed";
}

std::vector<int64_t> NumbersInDoubt(const PruneInput& input) {
  const Published published(input);
  std::set<int64_t> numbers;
  bool stray_marker = false;
  for (const auto& object : input.listing.objects) {
    if (const auto n = NumberOf(input, object.key)) {
      if (!published.IsNamed(object.key)) numbers.insert(*n);
    } else if (MarkerTime(input, object.key)) {
      const auto placed = Place(input, object.key);
      stray_marker = stray_marker || !published.IsTouched(placed->partition);
    }
  }
  for (const auto& upload : input.listing.uploads) {
    if (const auto n = NumberOf(input, upload.key)) numbers.insert(*n);
  }
  // Only decisions say which export a marker belongs to.
  for (const auto& [n, facts] : input.numbers) {
    if (stray_marker && facts.manifest && facts.manifest->kind == ExportKind::kVoid) {
      numbers.insert(n);
    }
  }
  AddWitnesses(input, published, numbers);
  std::erase_if(numbers, [&](int64_t n) { return !input.numbers.contains(n); });
  return {numbers.begin(), numbers.end()};
}

std::vector<PruneAction> DecidePrune(const PruneInput& input) {
  const Published published(input);
  const auto decided = DecidedKeys(input, published);
  const auto gone_markers = GoneMarkers(input, published);
  const auto may_go = [&](const Key& key, int64_t n) {
    return published.ReasonFor(n) && !published.IsNamed(key) && !decided.contains(key);
  };
  std::vector<PruneAction> uploads, markers, files;
  for (const auto& upload : input.listing.uploads) {
    const auto n = NumberOf(input, upload.key);
    if (!n || !may_go(upload.key, *n)) continue;
    uploads.push_back(ActionOn(published, PruneKind::kUpload, *n, upload.key));
    uploads.back().upload_id = upload.upload_id;
  }
  for (const auto& object : input.listing.objects) {
    if (const auto n = NumberOf(input, object.key)) {
      if (!may_go(object.key, *n)) continue;
      files.push_back(ActionOn(published, PruneKind::kFile, *n, object.key));
      files.back().bytes = object.size;
      continue;
    }
    const auto marker = gone_markers.find(object.key);
    if (marker == gone_markers.end()) continue;
    // The time of a voided export may be used again until there is a later snapshot.
    const auto at = MarkerTime(input, object.key);
    const bool can_return = !at || !input.newest_snapshot || *at >= *input.newest_snapshot;
    if (can_return || published.IsTouched(Place(input, object.key)->partition)) continue;
    markers.push_back(ActionOn(published, PruneKind::kMarker, marker->second, object.key));
    markers.back().bytes = object.size;
  }
  std::vector<PruneAction> actions = std::move(uploads);
  actions.insert(actions.end(), markers.begin(), markers.end());
  actions.insert(actions.end(), files.begin(), files.end());
  return actions;
}

Foreign CountForeign(const PruneInput& input) {
  const Published published(input);
  Foreign foreign;
  for (const auto& object : input.listing.objects) {
    if (NumberOf(input, object.key)) continue;
    const auto placed = Place(input, object.key);
    if (MarkerTime(input, object.key) && published.IsTouched(placed->partition)) continue;
    ++foreign.files;
    foreign.bytes += object.size;
  }
  return foreign;
}

}  // namespace sluice::prune
