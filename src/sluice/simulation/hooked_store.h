#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/store/object_store.h"
#include "sluice/testing/faulty_store.h"

namespace sluice::simulation {

/// Whose store is called. The ledger lies at the destination, as it does by default.
enum class Place { kSource, kDestination, kState };

/// One call of a store.
struct Call {
  Place place = Place::kDestination;
  std::string_view operation;  ///< as in FaultyStore: "PutIfAbsent", "CompleteUpload", "Append" ..
  store::Key key;              ///< or the prefix of a listing
  std::string upload_id;       ///< of calls about an upload; of StartUpload only once it is done
  std::string_view bytes;      ///< of puts
};

/// True for calls that may alter what lies in a store.
bool Changes(const Call& call);

/// Sees every call that one runner makes. Called by any of the runner's threads, several at once.
class CallHook {
 public:
  virtual ~CallHook() = default;
  /// Before anything is done. May block; decides what happens to the call.
  virtual testing::Fault Before(const Call& call) = 0;
  /// After the store did it, even if the reply is going to be lost. `changed`: false where a put found
  /// something there or a completion no upload.
  virtual void Done(const Call& call, bool changed) = 0;
};

/// `inner` as one runner sees it: every call goes through `hook`, those of the readers and writers that it
/// hands out too. Both are shared. Thread-safe if they are.
std::shared_ptr<store::ObjectStore> HookStore(Place place,
                                              std::shared_ptr<store::ObjectStore> inner,
                                              std::shared_ptr<CallHook> hook);

}  // namespace sluice::simulation
