#include "sluice/aws/sdk_credentials.h"

#include <arrow/filesystem/s3fs.h>
#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "sluice/base/mutex.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/log.h"

namespace sluice::aws {
namespace {

/// The SDK keeps its own credentials fresh; asking it takes locks and, now and then, the network.
constexpr Duration kAskAgainAfter = Seconds(30);

arrow::Status StartSdkOnce() {
  static const arrow::Status started = [] {
    arrow::fs::S3GlobalOptions options = arrow::fs::S3GlobalOptions::Defaults();
    options.log_level = arrow::fs::S3LogLevel::Off;
    auto status = arrow::fs::InitializeS3(options);
    if (status.ok()) {
      std::atexit([] { (void)arrow::fs::FinalizeS3(); });
    }
    return status;
  }();
  return started;
}

class SdkSource : public CredentialsSource {
 public:
  explicit SdkSource(std::string profile) : profile_(std::move(profile)) {}

  Result<Credentials> Get(std::string_view refused_key, const runtime::CancelToken&) override {
    const MutexLock lock(mutex_);
    const Timestamp now = runtime::SystemClock()->Now();
    const bool is_refused = current_ && current_->access_key == refused_key;
    if (current_ && !is_refused && now < asked_ + kAskAgainAfter) return *current_;
    if (!options_) {
      const arrow::Status started = StartSdkOnce();
      if (!started.ok()) {
        return Fail(ErrorKind::kInternal, "AWS's SDK does not start: {}", started.message());
      }
      options_ = arrow::fs::S3Options::Defaults();
    }
    Credentials found;
    // Three calls: between them the SDK may have renewed what it gives.
    do {
      found.access_key = options_->GetAccessKey();
      found.secret_key = options_->GetSecretKey();
      found.session_token = options_->GetSessionToken();
    } while (found.access_key != options_->GetAccessKey());
    if (found.access_key.empty() || found.secret_key.empty()) {
      if (profile_.empty()) {
        return Fail(
            Error{ErrorKind::kPermission,
                  "no AWS credentials were found: neither in the environment nor in a profile, "
                  "a web identity, a container or the instance's metadata",
                  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `auth` in sluice.yaml"});
      }
      return Fail(Error{ErrorKind::kPermission,
                        fmt::format("profile '{}' has no AWS credentials", profile_),
                        fmt::format("run `aws sso login --profile {0}` if it uses SSO, or `aws "
                                    "configure --profile {0}`",
                                    profile_)});
    }
    secret_key_.Renew(found.secret_key);
    session_token_.Renew(found.session_token);
    asked_ = now;
    current_ = found;
    return found;
  }

 private:
  const std::string profile_;
  Mutex mutex_;
  std::optional<arrow::fs::S3Options> options_ SLUICE_GUARDED_BY(mutex_);
  std::optional<Credentials> current_ SLUICE_GUARDED_BY(mutex_);
  Timestamp asked_ SLUICE_GUARDED_BY(mutex_);
  runtime::RenewedSecret secret_key_ SLUICE_GUARDED_BY(mutex_);
  runtime::RenewedSecret session_token_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<CredentialsSource> FindSdkCredentials(const std::string& profile) {
  return std::make_shared<SdkSource>(profile);
}

}  // namespace sluice::aws
