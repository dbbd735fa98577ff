#include <gtest/gtest.h>

#include <string>

#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/raw_server.h"

namespace sluice::store {
namespace {

using testing::IsError;
using testing::RawServer;

constexpr char kWhole[] =
    "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";

class CutAnswersTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> Open(const RawServer& server, int tries = 4) const {
    S3Options options = double_.Options();
    options.endpoint = server.endpoint();
    options.retry.attempts = tries;
    return *OpenS3Store("bucket", "out", options);
  }
  S3Double double_;  // for its credentials
};

TEST_F(CutAnswersTest, LookupWhoseHeadersAreCutAnywhereIsAskedAgain) {
  const std::string whole = kWhole;
  for (size_t cut = 0; cut + 1 < whole.size(); cut += 3) {
    const RawServer server({{{whole.substr(0, cut)}}, {{whole}}});
    const auto info = Open(server)->Head("k");
    ASSERT_TRUE(info) << "cut after " << cut << ": " << info.error().message;
    EXPECT_EQ(info->size, 3);
  }
}

TEST_F(CutAnswersTest, HeadersThatAreAlwaysCutAreATransientError) {
  const std::string part = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\n";
  const RawServer server({{{part}}, {{part}}});
  EXPECT_THAT(Open(server, 2)->Head("k"), IsError(ErrorKind::kTransient));
}

}  // namespace
}  // namespace sluice::store
