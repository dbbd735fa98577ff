#include "sluice/stores/store_registry.h"

#include <algorithm>
#include <utility>

#include "sluice/aws/find_credentials.h"
#include "sluice/store/local/local_store.h"
#include "sluice/store/s3/s3_bucket.h"
#include "sluice/store/s3/s3_store.h"

namespace sluice::stores {

StoreRegistry::StoreRegistry(Limits limits)
    : pool_(net::MakeConnectionPool(std::max(1, limits.connections))),
      budget_(std::make_shared<store::UploadBudget>(
          store::UploadBudget::Limits{.bytes = limits.upload_bytes})) {}

Result<std::shared_ptr<store::ObjectStore>> StoreRegistry::Open(
    const store::Location& location, const store::S3Options& options,
    const std::shared_ptr<aws::CredentialsSource>& credentials) {
  if (location.scheme == store::Location::Scheme::kLocal) {
    return store::OpenLocalStore(location.path);
  }
  SLUICE_ASSIGN_OR_RETURN(const store::S3Access access, AccessFor(options, credentials));
  return store::OpenS3Store(location.bucket, location.path, options, access, budget_);
}

Result<std::shared_ptr<const store::BucketSettings>> StoreRegistry::OpenBucket(
    const std::string& bucket, const store::S3Options& options,
    const std::shared_ptr<aws::CredentialsSource>& credentials) {
  SLUICE_ASSIGN_OR_RETURN(const store::S3Access access, AccessFor(options, credentials));
  return store::OpenBucketSettings(bucket, options, access);
}

Result<store::S3Access> StoreRegistry::AccessFor(
    const store::S3Options& options, const std::shared_ptr<aws::CredentialsSource>& given) {
  SLUICE_ASSIGN_OR_RETURN(std::string ca_bundle, store::FindCaBundle(options));
  Identity identity{options.auth, store::FindRegion(options), std::move(ca_bundle)};
  const MutexLock lock(mutex_);
  store::S3Access access;
  auto& http = clients_[identity.ca_bundle];
  if (!http) {
    net::HttpOptions http_options;
    http_options.ca_bundle = identity.ca_bundle;
    http = std::make_shared<const net::HttpClient>(std::move(http_options), pool_);
  }
  access.http = http;
  access.credentials = given;
  if (given) return access;
  auto& credentials = credentials_[identity];
  if (!credentials) {
    SLUICE_ASSIGN_OR_RETURN(credentials,
                            aws::FindCredentials(identity.auth, identity.region, http));
  }
  access.credentials = credentials;
  return access;
}

}  // namespace sluice::stores
