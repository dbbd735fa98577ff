#pragma once

#include <atomic>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "sluice/aws/find_credentials.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/store/s3/s3_client.h"
#include "sluice/store/s3/s3_store.h"

/// The server that `tools/minio run` started for these tests.
namespace sluice::s3 {

inline std::string Endpoint() {
  const char* endpoint = std::getenv("SLUICE_TEST_S3_ENDPOINT");
  if (endpoint == nullptr) throw std::runtime_error("start these tests by `tools/minio run`");
  return endpoint;
}

inline store::S3Options Options() {
  store::S3Options options;
  options.endpoint = Endpoint();
  return options;
}

/// A client of one bucket, for calls that the store does not make.
inline store::S3Client Client(const std::string& bucket) {
  const auto http =
      std::make_shared<const net::HttpClient>(net::HttpOptions{}, net::MakeConnectionPool(32));
  return {bucket,
          Options(),
          http,
          *aws::FindCredentials({}, "us-east-1", http),
          "us-east-1",
          runtime::SystemClock(),
          runtime::SystemEntropy()};
}

/// A bucket of its own for this process.
inline const std::string& Bucket() {
  static const std::string bucket = [] {
    std::string name = "sluice-" + runtime::RandomHex16(*runtime::SystemEntropy());
    store::S3Request request;
    request.method = "PUT";
    request.action = "creating the bucket";
    const auto made = Client(name).Send(request);
    if (!made) throw std::runtime_error(made.error().error.message);
    return name;
  }();
  return bucket;
}

/// A store in which nothing lies yet.
inline std::shared_ptr<store::ObjectStore> NewStore(const store::S3Options& options = Options()) {
  static std::atomic<int> made{0};
  return *store::OpenS3Store(Bucket(), "store-" + std::to_string(++made) + "/in", options);
}

}  // namespace sluice::s3
