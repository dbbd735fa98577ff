#include "sluice/store/s3/s3_bucket.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/store/s3/s3_bucket_wire.h"
#include "sluice/store/s3/s3_client.h"

namespace sluice::store {
namespace {

/// How S3 says that nothing is configured: each setting has an error of its own for it.
bool IsAbsent(const aws::Fault& fault) {
  static constexpr std::array<std::string_view, 5> kCodes{
      "NoSuchPublicAccessBlockConfiguration", "ServerSideEncryptionConfigurationNotFoundError",
      "NoSuchLifecycleConfiguration", "NoSuchBucketPolicy", "ObjectLockConfigurationNotFoundError"};
  return std::find(kCodes.begin(), kCodes.end(), fault.code) != kCodes.end();
}

class S3BucketSettings : public BucketSettings {
 public:
  explicit S3BucketSettings(std::shared_ptr<const S3Client> client) : client_(std::move(client)) {}

  const std::string& bucket() const override { return client_->bucket(); }

  Result<std::optional<std::string>> Region() const override {
    S3Request request;
    request.method = "HEAD";
    request.action = "looking up the bucket";
    auto sent = client_->Send(request);
    if (sent) return sent->http.header("x-amz-bucket-region");
    if (sent.error().fault.code == "AccessDenied") return std::nullopt;
    return Fail(std::move(sent).error().error);
  }

  Result<std::optional<PublicAccessBlock>> PublicAccess() const override {
    SLUICE_ASSIGN_OR_RETURN(const auto body, Ask("publicAccessBlock", "the public access block"));
    if (!body) return std::nullopt;
    return Named(ParsePublicAccessBlock(*body));
  }

  Result<bool> HasPublicPolicy() const override {
    SLUICE_ASSIGN_OR_RETURN(const auto body, Ask("policyStatus", "the policy's status"));
    if (!body) return false;
    return Named(ParsePolicyStatus(*body));
  }

  Result<DefaultEncryption> Encryption() const override {
    SLUICE_ASSIGN_OR_RETURN(const auto body, Ask("encryption", "the default encryption"));
    if (!body) return DefaultEncryption{};
    return Named(ParseDefaultEncryption(*body));
  }

  Result<std::vector<LifecycleRule>> Lifecycle() const override {
    SLUICE_ASSIGN_OR_RETURN(const auto body, Ask("lifecycle", "the lifecycle rules"));
    if (!body) return std::vector<LifecycleRule>{};
    return Named(ParseLifecycle(*body));
  }

  Result<Versioning> GetVersioning() const override {
    SLUICE_ASSIGN_OR_RETURN(const auto body, Ask("versioning", "the versioning"));
    if (!body) return Versioning::kOff;
    return Named(ParseVersioning(*body));
  }

  Result<std::optional<ObjectLock>> GetObjectLock() const override {
    SLUICE_ASSIGN_OR_RETURN(const auto body, Ask("object-lock", "the object lock"));
    if (!body) return std::nullopt;
    return Named(ParseObjectLock(*body));
  }

  Result<std::string> Policy() const override {
    SLUICE_ASSIGN_OR_RETURN(auto body, Ask("policy", "the policy"));
    return std::move(body).value_or("");
  }

 private:
  /// The answer to GET ?`setting`; nullopt where it is not configured.
  Result<std::optional<std::string>> Ask(const std::string& setting,
                                         const std::string& what) const {
    const std::string action = "reading " + what;
    S3Request request;
    request.query = {{setting, ""}};
    request.action = action;
    request.is_cancellable = true;
    auto sent = client_->Send(request);
    if (sent) return std::move(sent->http.body);
    if (IsAbsent(sent.error().fault)) return std::nullopt;
    return Fail(std::move(sent.error().error));
  }

  template <typename T>
  Result<T> Named(Result<T> parsed) const {
    if (!parsed) return Fail(std::move(parsed).error().Within(client_->DisplayName("")));
    return parsed;
  }

  const std::shared_ptr<const S3Client> client_;
};

}  // namespace

Result<std::shared_ptr<const BucketSettings>> OpenBucketSettings(const std::string& bucket,
                                                                 const S3Options& options) {
  SLUICE_ASSIGN_OR_RETURN(const S3Access access, OpenS3Access(options));
  return OpenBucketSettings(bucket, options, access);
}

std::shared_ptr<const BucketSettings> OpenBucketSettings(const std::string& bucket,
                                                         const S3Options& options,
                                                         const S3Access& access) {
  return std::make_shared<const S3BucketSettings>(MakeS3Client(bucket, options, access));
}

}  // namespace sluice::store
