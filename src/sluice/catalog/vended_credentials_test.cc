#include "sluice/catalog/vended_credentials.h"

#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::catalog {
namespace {

using testing::HasMessage;
using testing::IsError;

Json Older(const std::string& member = {}, Json value = {}) {
  Json answer{{"aws_temp_credentials",
               {{"access_key_id", "AK"}, {"secret_access_key", "SK"}, {"session_token", "TOK"}}},
              {"azure_user_delegation_sas", nullptr},
              {"gcp_oauth_token", nullptr},
              {"expiration_time", 1'800'000'000'123},
              {"url", "s3://lake/events"}};
  if (!member.empty()) answer[member] = std::move(value);
  return answer;
}
Json Entry(const std::string& prefix, const std::string& key,
           const std::string& operation = "READ") {
  return {
      {"prefix", prefix},
      {"operation", operation},
      {"expiration-time-ms", 1'800'000'000'123},
      {"config",
       {{"s3.access-key-id", key}, {"s3.secret-access-key", "SK"}, {"s3.session-token", "TOK"}}}};
}
Result<aws::Credentials> FromEntries(const Json& entries, const std::string& location) {
  return ReadStorageCredentials(Json{{"storage-credentials", entries}}, location);
}

TEST(VendedCredentialsTest, OlderAnswerIsRead) {
  const auto got = ReadIssuedCredentials(Older(), "s3://lake/events");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->access_key + got->secret_key + got->session_token, "AKSKTOK");
  EXPECT_EQ(got->expires, Timestamp{1'800'000'000'123'000});
}

TEST(VendedCredentialsTest, WithoutAnExpiryTheyHaveNoKnownEnd) {
  for (const Json& value : {Json(), Json("soon"), Json(0), Json(-5), Json(18446744073709551615U)}) {
    const auto got = ReadIssuedCredentials(Older("expiration_time", value), "s3://lake/events");
    ASSERT_TRUE(got) << value;
    EXPECT_FALSE(got->expires) << value;
  }
}

TEST(VendedCredentialsTest, OtherCloudsAreNamed) {
  Json answer = Older("aws_temp_credentials", nullptr);
  EXPECT_THAT(ReadIssuedCredentials(answer, "s3://lake/events"), IsError(ErrorKind::kCorrupt));
  answer["azure_user_delegation_sas"] = {{"sas_token", "x"}};
  EXPECT_THAT(ReadIssuedCredentials(answer, "s3://lake/events"), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(ReadIssuedCredentials(answer, "s3://lake/events"), HasMessage("Azure"));
  answer.erase("azure_user_delegation_sas");
  answer["gcp_oauth_token"] = {{"oauth_token", "x"}};
  EXPECT_THAT(ReadIssuedCredentials(answer, "s3://lake/events"), HasMessage("Google Cloud"));
}

TEST(VendedCredentialsTest, ScopeElsewhereIsRefused) {
  EXPECT_THAT(ReadIssuedCredentials(Older("url", "s3://lake/event"), "s3://lake/events"),
              IsError(ErrorKind::kPermission));
  EXPECT_THAT(FromEntries(Json::array({Entry("s3://lake/other", "A")}), "s3://lake/events"),
              HasMessage("s3://lake/other, which does not cover s3://lake/events"));
  EXPECT_THAT(FromEntries(Json::array(), "s3://lake/events"), IsError(ErrorKind::kPermission));
}

TEST(VendedCredentialsTest, LongestPrefixWins) {
  const Json entries =
      Json::array({Entry("s3://lake/", "WIDE"), Entry("s3a://lake/a/b", "NARROW"),
                   Entry("s3://lake/a", "MIDDLE"), Entry("s3://lake/a/b/c", "DEEPER"),
                   Entry("s3://lake/a/b/c", "OTHER", "WRITE_ONLY")});
  EXPECT_EQ(FromEntries(entries, "s3://lake/a/b")->access_key, "NARROW");
  EXPECT_EQ(FromEntries(entries, "s3://lake/a/bc")->access_key, "MIDDLE");
  EXPECT_EQ(FromEntries(entries, "s3://lake/z")->access_key, "WIDE");
}

TEST(VendedCredentialsTest, NewerAnswersOfOtherCloudsAreNamed) {
  Json entry = Entry("s3://lake/a", "A");
  entry["config"] = {{"azure.sas-token", "x"}};
  EXPECT_THAT(FromEntries(Json::array({entry}), "s3://lake/a"), HasMessage("Azure"));
  entry["config"] = {{"gcs.oauth-token", "x"}};
  EXPECT_THAT(FromEntries(Json::array({entry}), "s3://lake/a"), HasMessage("Google Cloud"));
}

TEST(VendedCredentialsTest, HalfAKeyIsNoneAndIsNotShown) {
  const Json half{
      {"access_key_id", "AK"}, {"secret_access_key", ""}, {"session_token", "TOKEN-OF-HALF"}};
  const auto got = ReadIssuedCredentials(Older("aws_temp_credentials", half), "s3://lake/events");
  ASSERT_THAT(got, IsError(ErrorKind::kCorrupt));
  EXPECT_EQ(got.error().message.find("TOKEN-OF-HALF"), std::string::npos);
}

TEST(VendedCredentialsTest, KeyThatWouldAddAHeaderIsRefused) {
  const Json split{
      {"access_key_id", "AK\r\nx-evil: 1"}, {"secret_access_key", "S"}, {"session_token", "T"}};
  EXPECT_THAT(ReadIssuedCredentials(Older("aws_temp_credentials", split), "s3://lake/events"),
              IsError(ErrorKind::kCorrupt));
}

TEST(VendedCredentialsTest, AnswersOfOtherShapesAreCorrupt) {
  for (const Json& answer :
       {Json::object(), Json{{"aws_temp_credentials", 7}}, Json{{"storage-credentials", 7}},
        Json{{"storage-credentials", {{{"prefix", "s3://lake/a"}}}}}}) {
    EXPECT_THAT(ReadIssuedCredentials(answer, "s3://lake/a"), IsError(ErrorKind::kCorrupt))
        << answer;
    EXPECT_THAT(ReadStorageCredentials(answer, "s3://lake/a"), IsError(ErrorKind::kCorrupt))
        << answer;
  }
}

}  // namespace
}  // namespace sluice::catalog
