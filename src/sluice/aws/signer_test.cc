#include "sluice/aws/signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::aws {
namespace {

const Credentials kExample{
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", {}, {}};

/// The examples of AWS's page "Signature Calculations for the Authorization Header": 2013-05-24.
SigningInput Example(std::string_view method, std::string_view path, std::string_view query) {
  SigningInput input;
  input.method = method;
  input.host = "examplebucket.s3.amazonaws.com";
  input.path = path;
  input.query = query;
  input.payload_hash = HexSha256("");
  input.region = "us-east-1";
  input.service = "s3";
  input.at = Timestamp{1369353600'000000};
  return input;
}

std::string SignatureOf(const SigningInput& input) {
  const std::string authorization = Sign(input, kExample).back().second;
  return authorization.substr(authorization.rfind('=') + 1);
}

TEST(S3SignerTest, GetObjectWithARange) {
  SigningInput input = Example("GET", "/test.txt", "");
  input.headers = {{"range", "bytes=0-9"}};
  EXPECT_EQ(SignatureOf(input), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3SignerTest, PutObject) {
  const std::string path = "/" + UriEncode("test$file.text", true);
  SigningInput input = Example("PUT", path, "");
  input.headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                   {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  input.payload_hash = HexSha256("Welcome to Amazon S3.");
  EXPECT_EQ(SignatureOf(input), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3SignerTest, QueryWithoutAValue) {
  const std::string query = CanonicalQuery({{"lifecycle", ""}});
  EXPECT_EQ(SignatureOf(Example("GET", "/", query)),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3SignerTest, QueryIsSorted) {
  const std::string query = CanonicalQuery({{"prefix", "J"}, {"max-keys", "2"}});
  EXPECT_EQ(query, "max-keys=2&prefix=J");
  EXPECT_EQ(SignatureOf(Example("GET", "/", query)),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3SignerTest, EncodingKeepsOnlyUnreservedBytes) {
  EXPECT_EQ(UriEncode("a b/ü~+=%", true), "a%20b/%C3%BC~%2B%3D%25");
  EXPECT_EQ(UriEncode("a/b", false), "a%2Fb");
}

TEST(S3SignerTest, SessionTokenIsSigned) {
  Credentials credentials = kExample;
  credentials.session_token = "token";
  const HeaderList headers = Sign(Example("GET", "/k", ""), credentials);
  EXPECT_THAT(headers, ::testing::Contains(
                           std::pair<std::string, std::string>("x-amz-security-token", "token")));
  EXPECT_THAT(headers.back().second, ::testing::HasSubstr(";x-amz-security-token,"));
}

}  // namespace
}  // namespace sluice::aws
