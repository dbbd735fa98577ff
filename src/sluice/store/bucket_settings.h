#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/store/encryption.h"

/// What the owner of a bucket has configured, as far as it matters to who keeps objects in it. Value
/// types, in S3's own words.
namespace sluice::store {

struct PublicAccessBlock {
  bool block_acls = false, ignore_acls = false, block_policy = false, restrict_buckets = false;
  bool blocks_all() const { return block_acls && ignore_acls && block_policy && restrict_buckets; }
};

struct DefaultEncryption {
  ServerEncryption::Type type = ServerEncryption::Type::kNone;
  std::optional<std::string> kms_key_id;  ///< sse-kms without it: the account's aws/s3 key
};

/// One rule that is enabled; what it does not say is absent.
struct LifecycleRule {
  std::string id;
  std::string prefix;          ///< full keys; "" = the whole bucket
  bool asks_for_tags = false;  ///< only objects with certain tags, which sluice gives to none
  bool expires = false;        ///< current versions are deleted, after some days or at a date
  std::optional<int> expires_after_days;
  std::optional<int> aborts_uploads_after_days;
  std::optional<int> drops_old_versions_after_days;
  std::string archive_class;  ///< a storage class that must be restored before it is read, or ""
};

enum class Versioning { kOff, kOn, kSuspended };

struct ObjectLock {
  std::string
      mode;  ///< "GOVERNANCE", "COMPLIANCE", or "" where new objects are not locked by default
  int days = 0;
};

/// Asks one bucket for its settings, one request each. Thread-safe.
///
/// Errors: kPermission where these credentials may not ask, kUnsupported where the server does not know
/// the question, and those of any request (object_store.h).
class BucketSettings {
 public:
  virtual ~BucketSettings() = default;
  virtual const std::string& bucket() const = 0;
  /// "" where the server does not tell it; nullopt where these credentials, which the server knows, may not
  /// ask; kConfig, with the right one, where a wrong one is configured.
  virtual Result<std::optional<std::string>> Region() const = 0;
  /// nullopt: none is configured. An account's own block is not seen here.
  virtual Result<std::optional<PublicAccessBlock>> PublicAccess() const = 0;
  /// Whether the bucket's policy allows public access; false without a policy.
  virtual Result<bool> HasPublicPolicy() const = 0;
  virtual Result<DefaultEncryption> Encryption() const = 0;
  virtual Result<std::vector<LifecycleRule>> Lifecycle() const = 0;
  virtual Result<Versioning> GetVersioning() const = 0;
  /// nullopt: the bucket was made without it.
  virtual Result<std::optional<ObjectLock>> GetObjectLock() const = 0;
  /// The policy's JSON; "" if there is none.
  virtual Result<std::string> Policy() const = 0;
};

}  // namespace sluice::store
