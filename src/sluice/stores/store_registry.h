#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "sluice/aws/auth.h"
#include "sluice/aws/credentials.h"
#include "sluice/base/mutex.h"
#include "sluice/net/http_client.h"
#include "sluice/store/bucket_settings.h"
#include "sluice/store/location.h"
#include "sluice/store/object_store.h"
#include "sluice/store/s3/s3_client.h"
#include "sluice/store/s3/s3_options.h"
#include "sluice/store/s3/upload_budget.h"

namespace sluice::stores {

/// Opens stores for a whole process. They share connections, of which `connections` are used at once, and
/// credentials: an identity is resolved, and a role assumed, once for all of its stores. They also share the
/// memory in which parts of uploads wait. Each store is a view that stops when the token in its options
/// fires, and costs nothing to open. Thread-safe. Stores may outlive it.
class StoreRegistry {
 public:
  struct Limits {
    int connections = 32;
    int64_t upload_bytes = store::UploadBudget::Limits{}.bytes;
  };

  explicit StoreRegistry(Limits limits);

  /// The store rooted at `location`; `options` say how to reach it on S3 (`options.connections` is not used).
  /// Requests are signed with `credentials` where they are given, else as `options.auth` says.
  /// Nothing is asked of a server yet. Errors as OpenS3Store has them.
  Result<std::shared_ptr<store::ObjectStore>> Open(
      const store::Location& location, const store::S3Options& options = {},
      const std::shared_ptr<aws::CredentialsSource>& credentials = nullptr);
  Result<std::shared_ptr<const store::BucketSettings>> OpenBucket(
      const std::string& bucket, const store::S3Options& options,
      const std::shared_ptr<aws::CredentialsSource>& credentials = nullptr);

 private:
  struct Identity {
    aws::Auth auth;
    std::string region;     ///< where a role is assumed
    std::string ca_bundle;  ///< of the connections that this takes
    auto operator<=>(const Identity&) const = default;
  };

  Result<store::S3Access> AccessFor(const store::S3Options& options,
                                    const std::shared_ptr<aws::CredentialsSource>& given);

  const std::shared_ptr<net::ConnectionPool> pool_;
  const std::shared_ptr<store::UploadBudget> budget_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<const net::HttpClient>> clients_
      SLUICE_GUARDED_BY(mutex_);  ///< by CA bundle
  std::map<Identity, std::shared_ptr<aws::CredentialsSource>> credentials_
      SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::stores
