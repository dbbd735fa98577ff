#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sluice/store/object_store.h"

namespace sluice::testing {

/// What happens to one call of a store.
enum class Fault {
  kNone,
  kFailBefore,  ///< nothing is done, the caller gets kTransient
  kLoseReply,   ///< it is done, the caller gets kTransient
  kDieBefore,   ///< nothing is done, and from now on every call fails: the process is dead
  kDieAfter,    ///< it is done, the reply is lost, and every later call fails
};

/// Counts the calls of a store and breaks those that `plan` names (1-based count over mutating and
/// reading calls alike; the operation's name is given, e.g. "PutIfAbsent"). UploadWriters that it
/// hands out count too ("Append", "AppendCopy", "Finish"), and readers ("ReadAt"). The plan runs without
/// a lock, so that it may use the inner store, as another process would. Thread-safe.
class FaultyStore : public store::ObjectStore {
 public:
  using Plan = std::function<Fault(int call, std::string_view operation, const store::Key& key)>;
  FaultyStore(std::shared_ptr<store::ObjectStore> inner, Plan plan);
  ~FaultyStore() override;

  int calls() const;
  bool dead() const;
  /// "17 PutIfAbsent events/..." for each call so far, for failure messages.
  std::vector<std::string> trace() const;

  std::string DisplayName(const store::Key& key) const override;
  Result<store::ObjectInfo> Head(const store::Key& key) const override;
  Result<std::string> Get(const store::Key& key) const override;
  Result<std::unique_ptr<store::ObjectReader>> Open(const store::Key& key) const override;
  Status List(const store::Key& prefix, const store::Key& start_after,
              const std::function<bool(const store::ObjectInfo&)>& visit) const override;
  Result<std::vector<std::string>> ListFolders(const store::Key& prefix) const override;
  Result<store::PutOutcome> PutIfAbsent(const store::Key& key, std::string_view bytes) override;
  Status Put(const store::Key& key, std::string_view bytes) override;
  Status Delete(const store::Key& key) override;
  Result<std::unique_ptr<store::UploadWriter>> StartUpload(const store::Key& key) override;
  Result<store::CompleteOutcome> CompleteUpload(const store::PendingUpload& upload) override;
  Status AbortUpload(const store::Key& key, const std::string& upload_id) override;
  Status ListUploads(
      const store::Key& prefix,
      const std::function<bool(const store::PendingUploadInfo&)>& visit) const override;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace sluice::testing
