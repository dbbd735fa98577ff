#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/ledger/ledger_identity.h"
#include "sluice/ledger/records.h"
#include "sluice/store/object_store.h"

namespace sluice::ledger {

/// What the newest export of a table needs before the next one may begin. Every number before it is
/// settled, because that is the condition under which it began.
struct LedgerView {
  int64_t newest = 0;            ///< 0: nothing was ever begun
  std::optional<Intent> intent;  ///< of `newest`
  /// Of `newest`, its latest generation. A void manifest overrules it: see ReadDecision.
  std::optional<Decision> decision;
  bool manifest = false;               ///< whether manifests/newest exists
  std::optional<Decision> previous;    ///< of newest - 1, only where `newest` is undecided
  std::optional<Heartbeat> heartbeat;  ///< of `newest`, only where it is undecided
  /// The highest number that the published heartbeat says was settled; where it says nothing, the note of the
  /// last run.
  int64_t settled = 0;

  bool undecided() const { return newest > 0 && !decision; }
  /// The position after the newest decided export.
  const Position& position() const;
  int64_t newest_decided() const { return undecided() ? newest - 1 : newest; }
};

/// What to do where records of the newest exports are gone: their numbers must not be given to others.
enum class Loss { kRefuse, kAccept };

/// The entries of one export in the ledger folder.
struct LedgerEntries {
  bool intent = false;
  bool heartbeat = false;
  int generation = 0;  ///< of the latest decision; 0: none
};

/// The numbered intents, decisions and manifests of one table, in their two stores. No step overwrites
/// or deletes what another runner may rely on: everything but heartbeats is put-if-absent.
/// Thread-safe. Errors: those of the stores, kCorrupt for records that can't be read or numbers that
/// can't be (a decision without its predecessor), kConflict for a manifest without its decision.
class Ledger {
 public:
  /// `ledger_store` is rooted beside the state table, `destination` at the destination. `folder`: of the
  /// ledger, as FindLedger gives it; LedgerFolder(name) where it is left out.
  Ledger(std::shared_ptr<store::ObjectStore> ledger_store,
         std::shared_ptr<store::ObjectStore> destination, std::string name, store::Key folder = {});

  /// From now on the first intent records that the ledger is `identity`'s, before it is put.
  void RecordWith(LedgerIdentity identity) { identity_ = std::move(identity); }

  /// Looks for the newest number from the one on whose manifest the published heartbeat names, so that years
  /// of numbers cost no more than a few; without a hint it takes a dozen requests more. kConflict (LostEnd) where
  /// `settled` is beyond the newest decision, unless the loss is accepted: then the view says so.
  Result<LedgerView> Load(Loss loss = Loss::kRefuse) const;
  /// That records up to export `settled` are gone which something remembers, and what to do.
  Error LostEnd(const LedgerView& view, int64_t settled) const;

  /// What a listing shows of the records from n on and of whose ledger it is, as a text that stays the same as long
  /// as nobody writes or takes away any of them; heartbeats aside. By one request wherever n is among the newest.
  /// nullopt where n is not the newest number, is not decided, or the ledger recorded no identity.
  Result<std::optional<std::string>> MarkOfNewest(int64_t n) const;

  /// kConflict where n is published and not decided: somebody took its decision away, and a second one
  /// would name other files than the manifest does.
  Status RequireUnpublished(int64_t n) const;

  Result<store::PutOutcome> PutIntent(const Intent& intent);
  /// The one decision. kAlreadyExists: another runner decided this number; Load to see what.
  Result<store::PutOutcome> PutDecision(const Decision& decision);
  Result<store::PutOutcome> PutManifest(const Manifest& manifest);
  /// Writes a tombstone over the manifest of a snapshot that `keep` drops (Manifest::expired): the one
  /// manifest that is ever replaced, before the first of its files goes.
  Status PutTombstone(const Manifest& tombstone);
  Status PutHeartbeat(int64_t n, const Heartbeat& heartbeat);

  /// Rewritten by each run; the partner sees that sluice lives, Load takes it as a hint.
  Status PutPublishedHeartbeat(int64_t newest_settled, Timestamp now, std::string_view program);

  /// The latest generation of the decision of n; nullopt where n was never decided. Where the manifest
  /// of a decided export says void (its bytes were lost and could not be made again), the decision comes
  /// back as that void, with the position that stood before n.
  Result<std::optional<Decision>> ReadDecision(int64_t n) const;
  /// kNotFound where n was never begun.
  Result<Intent> ReadIntent(int64_t n) const;
  /// nullopt if export n is not published.
  Result<std::optional<Manifest>> ReadManifest(int64_t n) const;
  /// Every manifest, ascending by n.
  Result<std::vector<Manifest>> ReadManifests() const;
  /// Those of `numbers` that are published, in that order.
  Result<std::vector<Manifest>> ReadManifests(const std::vector<int64_t>& numbers) const;
  /// Every number of the ledger and of the manifests. Reads names only.
  struct Numbers {
    std::set<int64_t> published, decided;
    std::set<int64_t> begun;  ///< with an intent; most are decided, too
    /// Decided, without a manifest.
    std::vector<int64_t> Unpublished() const;
  };
  Result<Numbers> ListNumbers() const;
  /// The newest export that the published heartbeat says is settled; 0 if it says nothing.
  Result<int64_t> PublishedHint() const;
  /// The newest export that the note of the last run saw settled; 0 without a note that can be read.
  int64_t NotedAsSettled() const;
  /// Every decision's latest generation, ascending by n; as ReadDecision, but a void that only the
  /// manifest names comes without its position.
  Result<std::vector<Decision>> ReadDecisions() const;

  const std::string& name() const { return name_; }
  const store::Key& folder() const { return folder_; }

 private:
  /// 0 where the heartbeat says nothing, or cannot be read.
  Result<int64_t> ReadableHint() const;
  Result<LedgerView> LoadFrom(int64_t hint) const;
  /// The records about the newest number, from `hint` on if that is one. Empty: nothing was ever begun.
  Result<std::map<int64_t, LedgerEntries>> FindNewest(int64_t hint) const;
  /// kConflict where the ledger is recorded as another's.
  Status RecordIdentity() const;
  /// kConflict where manifests are published although the ledger is empty.
  Status RequireNoManifest() const;
  /// The manifest that overrules `decision`, if one does.
  Result<std::optional<Manifest>> VoidManifest(const Decision& decision,
                                               bool* manifest_exists) const;
  Result<Decision> Effective(Decision decision, bool* manifest_exists) const;

  std::shared_ptr<store::ObjectStore> ledger_store_;
  std::shared_ptr<store::ObjectStore> destination_;
  std::string name_;
  store::Key folder_;
  std::optional<LedgerIdentity> identity_;
};

}  // namespace sluice::ledger
