#pragma once

#include <memory>
#include <string>

#include "sluice/store/object_store.h"

namespace sluice::store {

/// Name, below a local store's root, of the folder where uploads and temporary files are staged: on
/// the same file system, so that link(2) can make them visible at once. Never listed.
inline constexpr const char* kLocalStagingFolder = "_sluice/.staging";

/// The folder of a local store for objects that must not be seen yet:
///
///     <root>/_sluice/.staging/<upload id>/key      the key that it is for
///     <root>/_sluice/.staging/<upload id>/data     its bytes
///     <root>/_sluice/.staging/put-<random>         a put-if-absent on its way
///
/// Same file system as the root, so that link(2) makes a file visible at once. Thread-safe.
class LocalStaging {
 public:
  explicit LocalStaging(std::string root);

  /// A new temporary file that holds `bytes` durably; its path.
  Result<std::string> WriteTemporary(std::string_view bytes) const;

  Result<std::unique_ptr<UploadWriter>> Start(const Key& key) const;
  Result<CompleteOutcome> Complete(const PendingUpload& upload) const;
  Status Abort(const std::string& upload_id) const;
  Status List(const Key& prefix, const std::function<bool(const PendingUploadInfo&)>& visit) const;

 private:
  std::string root_, folder_;
};

}  // namespace sluice::store
