#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/exporter/session/services.h"
#include "sluice/ledger/records.h"
#include "sluice/store/object_store.h"

/// What lies at a destination, judged against the manifests: the layout check of `ls`.
namespace sluice::exporter {

enum class Standing {
  kExported,   ///< a manifest names it, and it is as the manifest says
  kReplaced,   ///< the same, of an export that a later one replaces
  kSuccess,    ///< the _SUCCESS of a snapshot
  kManifest,   ///< what the partner reads beside the files: manifests and the heartbeat
  kInternal,   ///< ledger and state: not for the partner
  kForeign,    ///< no manifest names it
  kWrongSize,  ///< a manifest names it with another size
  kMisplaced,  ///< a manifest names it, but its folder is not a partition of the table
  kMissing,    ///< a manifest names it, or it ends a snapshot that one names, and it is not there
};
std::string_view Name(Standing standing);
/// True where the export is not what its manifests say.
bool IsFault(Standing standing);

struct ListedObject {
  store::ObjectInfo object;  ///< kMissing: the size that the manifest says, no time
  Standing standing = Standing::kForeign;
  std::string remark;  ///< "" or what is wrong with it
  std::string remedy;  ///< of faults: what to do
};

/// The manifests of one table, and the folders that its files may lie in.
struct ListedTable {
  std::string name;
  std::vector<ledger::Manifest> manifests;
};

/// Judges every object, in the given order; then come the files that manifests name and that are not
/// among `objects`. Pure. `state_folder`: key prefix of the state table below the destination, or "".
std::vector<ListedObject> JudgeObjects(const std::vector<store::ObjectInfo>& objects,
                                       const std::vector<ListedTable>& tables,
                                       std::string_view state_folder);

/// What `ls` is asked for: the objects of these tables; of the whole destination where none is named.
struct ListingOptions {
  std::vector<const config::Table*> tables;
};
/// Reads the destination and its manifests, those of tables that the config no longer names, too. An
/// export that becomes visible meanwhile is judged by what it is at the end.
Result<std::vector<ListedObject>> ListDestination(const Services& services,
                                                  const ListingOptions& options);

}  // namespace sluice::exporter
