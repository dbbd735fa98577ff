#include "sluice/stores/open_store.h"

#include "sluice/store/local/local_store.h"
#include "sluice/store/s3/s3_store.h"

namespace sluice::stores {

Result<std::shared_ptr<store::ObjectStore>> OpenStore(const store::Location& location,
                                                      const store::S3Options& options) {
  if (location.scheme == store::Location::Scheme::kLocal) {
    return store::OpenLocalStore(location.path);
  }
  return store::OpenS3Store(location.bucket, location.path, options);
}

}  // namespace sluice::stores
