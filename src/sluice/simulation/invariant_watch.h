#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/ledger/ledger.h"
#include "sluice/simulation/hooked_store.h"
#include "sluice/state/export_state.h"

namespace sluice::simulation {

/// Watches what runners do to the stores of one table and notes whatever breaks an invariant of
/// docs/commit-protocol.md the moment it happens:
///
/// - the source is never written to;
/// - a number begins only when the one before it is settled, its state followed;
/// - only files in a decided number's commit become visible;
/// - a manifest appears only after all its files are complete, and only a tombstone replaces one;
/// - nothing of an undecided number is aborted or deleted by another runner, nothing published is deleted;
/// - intents, decisions, manifests and commits of the state are never written twice; the first three are
///   never deleted.
///
/// Thread-safe. Looks at the stores without the hooks of runners.
class InvariantWatch {
 public:
  InvariantWatch(std::shared_ptr<store::ObjectStore> destination,
                 std::shared_ptr<store::ObjectStore> state, std::string name, bool keeps_state);

  /// `runner` tells the runners apart; call it around every call, `Before` first.
  void Before(int runner, const Call& call);
  void Done(int runner, const Call& call, bool changed);

  std::vector<std::string> violations() const;
  void Note(std::string violation);

 private:
  void CheckCreated(const Call& call);
  void CheckBegun(int64_t n);
  void CheckPublished(const Call& call);
  void CheckCompleted(const Call& call);
  void CheckDeletion(const Call& call);
  void CheckAbort(int runner, const Call& call);
  bool IsDecided(int64_t n) const;
  bool IsInForce(const store::Key& key) const;  ///< an export in force names it

  const std::shared_ptr<store::ObjectStore> destination_;
  const std::string name_;
  const bool keeps_state_;
  const std::shared_ptr<ledger::Ledger> ledger_;
  const std::unique_ptr<state::ExportState> state_;
  mutable Mutex mutex_;
  std::vector<std::string> violations_ SLUICE_GUARDED_BY(mutex_);
  std::set<std::pair<Place, store::Key>> created_ SLUICE_GUARDED_BY(mutex_);
  std::map<std::string, int> started_by_ SLUICE_GUARDED_BY(mutex_);  // upload id -> runner
};

}  // namespace sluice::simulation
