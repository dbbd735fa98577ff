#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/ledger/records.h"
#include "sluice/store/object_store.h"

/// What may be removed from a destination, decided from what was listed and then read. Pure: no I/O.
namespace sluice::prune {

/// How long the files of a replaced export stay, so that readers who began with the old manifest can end.
inline constexpr Duration kReplacedGrace = Hours(24);

enum class PruneKind {
  kFile,       ///< a data file
  kMarker,     ///< the _SUCCESS of a snapshot that no longer exists
  kUpload,     ///< an upload that will never be completed
  kSnapshot,   ///< a whole snapshot: tombstone, _SUCCESS, files
  kTemporary,  ///< a file that a crash left in the staging folder
  kProbe,      ///< an object that `check` wrote and did not get to remove
};
std::string_view Name(PruneKind kind);

enum class PruneReason {
  kUnnamed,    ///< of another attempt or generation than the published one
  kVoid,       ///< the export was voided
  kReplaced,   ///< a later export replaced it
  kForgotten,  ///< exported before a `state forget`, and all of it again since
  kExpired,    ///< neither `keep` nor `keep_for` holds the snapshot
  kAbandoned,  ///< a process died and left it
};
std::string_view Name(PruneReason reason);

struct PruneAction {
  PruneKind kind = PruneKind::kFile;
  PruneReason reason = PruneReason::kUnnamed;
  store::Key key;  ///< kSnapshot: its folder; kTemporary: a path
  std::string upload_id;
  int64_t n = 0;            ///< the export; 0: of none
  int64_t replaced_by = 0;  ///< kReplaced, kForgotten: the export that took its place
  int64_t bytes = 0;        ///< of uploads: unknown, 0
  int64_t files = 1;        ///< kSnapshot: how many data files
};

/// What lies in the data folders of one table. Listed before anything of the ledger is read, so that no
/// file in it belongs to a later number than those that are read.
struct PruneListing {
  std::vector<store::ObjectInfo> objects;
  std::vector<store::PendingUploadInfo> uploads;
};

/// What is known about an export number. Without both records it isn't settled, and nothing of it is
/// touched.
struct NumberFacts {
  std::optional<ledger::Decision> decision;  ///< as Ledger::ReadDecision gives it
  std::optional<ledger::Manifest> manifest;
  Timestamp published;  ///< when the manifest came, by the clocks of the run and of the store
};
using Numbers = std::map<int64_t, NumberFacts>;

struct PruneInput {
  config::Pattern pattern = config::Pattern::kAppend;
  std::string_view name;
  const PruneListing& listing;
  const Numbers& numbers;
  /// The time in the folder name of the newest snapshot or seed, once its number is settled: no later one
  /// can bear an earlier time.
  std::optional<Timestamp> newest_snapshot;
  Timestamp now;
  Duration replaced_grace = kReplacedGrace;
};

/// Numbers whose decisions DecidePrune has to see, and those that say of others that they were replaced; exports without a decision count as unsettled. For the others
/// the manifest alone says that nothing is to be removed. `input.numbers` needs manifests only.
std::vector<int64_t> NumbersInDoubt(const PruneInput& input);

/// Everything that may go, in the order in which it must: uploads first, because only an upload that was
/// aborted can't be completed any more; markers before the files that they vouch for. Never a file that
/// a manifest names which is neither replaced nor expired; never anything of a number that isn't settled;
/// never what isn't named and placed as sluice does.
std::vector<PruneAction> DecidePrune(const PruneInput& input);

/// Objects in the data folders that sluice did not write.
struct Foreign {
  int64_t files = 0, bytes = 0;
};
Foreign CountForeign(const PruneInput& input);

}  // namespace sluice::prune
