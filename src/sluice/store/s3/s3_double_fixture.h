#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "sluice/store/s3/s3_store.h"
#include "sluice/testing/http_double.h"

namespace sluice::store {

/// A server on loopback in place of S3: see HttpDouble.
class S3Double : public testing::HttpDouble {
 public:
  S3Options Options() const {
    setenv("SLUICE_TEST_ACCESS_KEY", "AKIDEXAMPLE", 1);
    setenv("SLUICE_TEST_SECRET_KEY", "secret-of-the-test", 1);
    S3Options options;
    options.endpoint = endpoint();
    options.auth.access_key_env = "SLUICE_TEST_ACCESS_KEY";
    options.auth.secret_key_env = "SLUICE_TEST_SECRET_KEY";
    options.retry.first_delay = Duration{1000};
    options.retry.max_delay = Duration{1000};
    return options;
  }
  std::shared_ptr<ObjectStore> Open() const { return *OpenS3Store("bucket", "out", Options()); }
};

}  // namespace sluice::store
