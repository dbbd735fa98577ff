#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/testing/matchers.h"

/// What a signal does to requests: data stops, what settles a decision goes on while the server answers.
namespace sluice::store {
namespace {

using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;

class S3StopTest : public ::testing::Test {
 protected:
  S3StopTest() {
    options_ = server_.Options();
    options_.patience = Seconds(1);
    store_ = *OpenS3Store("bucket", "out", options_);
  }
  void Signal() { options_.cancel.Cancel(SIGTERM); }
  /// A server that takes a request and then says nothing for longer than anybody waits.
  void ThenHang() {
    server_.Then([](const httplib::Request&, httplib::Response& response) {
      std::this_thread::sleep_for(std::chrono::seconds(3));
      response.status = 200;
    });
  }

  S3Double server_;
  S3Options options_;
  std::shared_ptr<ObjectStore> store_;
};

TEST_F(S3StopTest, DataIsStoppedAtOnce) {
  Signal();
  EXPECT_THAT(store_->StartUpload("a.parquet"), IsError(ErrorKind::kCancelled));
  EXPECT_THAT(server_.seen(), SizeIs(0));
}

TEST_F(S3StopTest, WhatSettlesGoesOnWhileTheServerAnswers) {
  Signal();
  server_.ThenError(503, "SlowDown").Then(200);
  EXPECT_THAT(store_->PutIfAbsent("n.commit.json", "{}"), IsOk());
  EXPECT_THAT(server_.seen(), SizeIs(2));
}

TEST_F(S3StopTest, WhatSettlesIsCutOffWhereTheServerHangs) {
  ThenHang();
  std::thread later([&] {
    while (server_.seen().empty()) std::this_thread::yield();
    Signal();
  });
  const auto listed = store_->ListFolders("");
  later.join();
  ASSERT_THAT(listed, IsError(ErrorKind::kTransient));
  EXPECT_THAT(listed.error().message, HasSubstr("before this process had to stop"));
  EXPECT_THAT(server_.seen(), SizeIs(1)) << "it was asked again after the signal";
}

TEST_F(S3StopTest, AServerThatHangsIsAskedNothingMore) {
  ThenHang();
  Signal();
  EXPECT_THAT(store_->PutIfAbsent("n.commit.json", "{}"), IsError(ErrorKind::kTransient))
      << "whether it is there is not known";
  EXPECT_THAT(store_->Delete("heartbeat.json"), IsError(ErrorKind::kTransient));
  EXPECT_LE(server_.seen().size(), 1u);
}

}  // namespace
}  // namespace sluice::store
