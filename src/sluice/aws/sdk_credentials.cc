#include "sluice/aws/sdk_credentials.h"

#include <arrow/filesystem/s3fs.h>
#include <fmt/format.h>

#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>

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

  Result<Credentials> Get(bool refused, const runtime::CancelToken&) override {
    const std::lock_guard lock(mutex_);
    const Timestamp now = runtime::SystemClock()->Now();
    if (current_ && !refused && now < asked_ + kAskAgainAfter) return *current_;
    if (!options_) {
      // The SDK takes the name of the profile from the environment only.
      if (!profile_.empty()) setenv("AWS_PROFILE", profile_.c_str(), 1);
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
                        fmt::format("profile '{}' gives no AWS credentials", profile_),
                        fmt::format("run `aws sso login --profile {0}` if it uses SSO, or `aws "
                                    "configure --profile {0}`",
                                    profile_)});
    }
    runtime::RegisterSecret(found.secret_key);
    runtime::RegisterSecret(found.session_token);
    asked_ = now;
    current_ = found;
    return found;
  }

 private:
  const std::string profile_;
  std::mutex mutex_;
  std::optional<arrow::fs::S3Options> options_;  // guarded by mutex_
  std::optional<Credentials> current_;           // guarded by mutex_
  Timestamp asked_;                              // guarded by mutex_
};

}  // namespace

std::shared_ptr<CredentialsSource> FindSdkCredentials(const std::string& profile) {
  return std::make_shared<SdkSource>(profile);
}

}  // namespace sluice::aws
