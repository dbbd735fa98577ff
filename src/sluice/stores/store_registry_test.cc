#include "sluice/stores/store_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/testing/fake_catalog.h"
#include "sluice/testing/matchers.h"

namespace sluice::stores {
namespace {

using store::ObjectStore;
using store::S3Options;
using testing::IsError;
using testing::IsOk;

class StoreRegistryTest : public ::testing::Test {
 protected:
  static StoreRegistry::Limits TwoConnections() {
    StoreRegistry::Limits limits;
    limits.connections = 2;
    return limits;
  }
  std::shared_ptr<ObjectStore> Open(const std::string& prefix, const S3Options& options) {
    return *registry_.Open({store::Location::Scheme::kS3, "bucket", prefix}, options);
  }
  /// Reads `reads` objects at once, from a store each.
  void ReadAtOnce(int reads) {
    std::vector<std::thread> readers;
    for (int i = 0; i < reads; ++i) {
      readers.emplace_back([this, i] {
        EXPECT_THAT(Open("table-" + std::to_string(i), server_.Options())->Get("k"), IsOk());
      });
    }
    for (auto& reader : readers) reader.join();
  }
  /// A server that takes a request and says nothing for longer than a test may take.
  void ThenHang() {
    server_.Then([this](const httplib::Request&, httplib::Response& response) {
      for (int i = 0; i < 200 && !over_; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
      response.status = 200;
    });
  }

  store::S3Double server_;
  std::atomic<bool> over_{false};
  StoreRegistry registry_{TwoConnections()};
};

TEST_F(StoreRegistryTest, ConnectionsAreLimitedForAllStoresTogether) {
  std::atomic<int> now{0}, most{0};
  for (int i = 0; i < 8; ++i) {
    server_.Then([&](const httplib::Request&, httplib::Response& response) {
      most = std::max<int>(most, ++now);
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      --now;
      response.status = 200;
    });
  }
  ReadAtOnce(8);
  EXPECT_EQ(most, 2);
}

TEST_F(StoreRegistryTest, RoleIsAssumedOnceForAllStores) {
  setenv("AWS_ENDPOINT_URL_STS", server_.endpoint().c_str(), 1);
  setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test", 1);
  server_.Then(200,
               "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>"
               "<SecretAccessKey>secret-of-the-role</SecretAccessKey><SessionToken>token-of-role"
               "</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>");
  server_.Always(200, "bytes");
  S3Options options = server_.Options();
  options.auth = {};
  options.auth.role_arn = "arn:aws:iam::1:role/export";
  for (const char* prefix : {"source", "out", "_export_state", ""}) {
    EXPECT_THAT(Open(prefix, options)->Get("k"), IsOk());
  }
  const auto seen = server_.seen();
  EXPECT_EQ(
      std::count_if(seen.begin(), seen.end(), [](const auto& s) { return s.method == "POST"; }), 1);
  for (const char* name : {"AWS_ENDPOINT_URL_STS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
    unsetenv(name);
  }
}

TEST_F(StoreRegistryTest, GivenCredentialsAreRenewedInTheMiddleOfARead) {
  const auto credentials = std::make_shared<testing::ExpiringCredentials>(
      std::vector<std::string>{"ASIAFIRST", "ASIASECOND"});
  server_.Then(200, "bytes").ThenError(400, "ExpiredToken").Then(200, "bytes");
  S3Options options = server_.Options();
  options.auth = {};
  options.auth.access_key_env = "A_VARIABLE_THAT_IS_NOT_SET";
  const auto store =
      *registry_.Open({store::Location::Scheme::kS3, "bucket", "t"}, options, credentials);
  EXPECT_THAT(store->Get("1"), IsOk());
  EXPECT_THAT(store->Get("2"), IsOk());
  const auto seen = server_.seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_THAT(seen[1].header("authorization"), ::testing::HasSubstr("ASIAFIRST"));
  EXPECT_THAT(seen[2].header("authorization"), ::testing::HasSubstr("ASIASECOND"));
  EXPECT_EQ(seen[2].header("x-amz-security-token"), "token-of-the-test");
  EXPECT_EQ(credentials->given(), 2u);
}

TEST_F(StoreRegistryTest, StalledRequestEndsWithTheTokenOfItsOwnStore) {
  S3Options limited = server_.Options();
  limited.patience = Duration{100'000};
  ThenHang();
  server_.Always(200, "bytes");
  std::thread timer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    limited.cancel.Cancel(-1);
  });
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(Open("slow", limited)->Get("k"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_THAT(Open("other", server_.Options())->Get("k"), IsOk());
  over_ = true;
  timer.join();
}

TEST_F(StoreRegistryTest, WaitingForAConnectionEndsWithTheToken) {
  ThenHang();
  ThenHang();
  std::vector<std::thread> stalled;
  for (const char* prefix : {"a", "b"}) {
    stalled.emplace_back([this, prefix] { (void)Open(prefix, server_.Options())->Get("k"); });
  }
  while (server_.seen().size() < 2) std::this_thread::yield();
  S3Options limited = server_.Options();
  std::thread timer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    limited.cancel.Cancel(-1);
  });
  EXPECT_THAT(Open("c", limited)->StartUpload("k"), IsError(ErrorKind::kCancelled));
  over_ = true;
  timer.join();
  for (auto& thread : stalled) thread.join();
}

TEST_F(StoreRegistryTest, FolderIsOpenedAsOne) {
  const auto opened = registry_.Open({store::Location::Scheme::kLocal, "", "/nowhere/at/all"});
  ASSERT_THAT(opened, IsOk());
  EXPECT_THAT((*opened)->Get("k"), IsError(ErrorKind::kNotFound));
}

}  // namespace
}  // namespace sluice::stores
