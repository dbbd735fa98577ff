#include "sluice/exporter/inspect/check_bucket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::exporter {
namespace {

using store::ServerEncryption;
using ::testing::HasSubstr;

/// A bucket as it should be; a test changes one thing of it.
struct FakeBucket : store::BucketSettings {
  const std::string& bucket() const override { return name; }
  Result<std::optional<std::string>> Region() const override { return region; }
  Result<std::optional<store::PublicAccessBlock>> PublicAccess() const override { return block; }
  Result<bool> HasPublicPolicy() const override { return is_public; }
  Result<store::DefaultEncryption> Encryption() const override { return encryption; }
  Result<std::vector<store::LifecycleRule>> Lifecycle() const override { return rules; }
  Result<store::Versioning> GetVersioning() const override { return versioning; }
  Result<std::optional<store::ObjectLock>> GetObjectLock() const override { return lock; }
  Result<std::string> Policy() const override { return policy; }

  std::string name = "acme";
  Result<std::optional<std::string>> region = std::optional(std::string("eu-west-1"));
  Result<std::optional<store::PublicAccessBlock>> block =
      std::optional(store::PublicAccessBlock{true, true, true, true});
  Result<bool> is_public = false;
  Result<store::DefaultEncryption> encryption =
      store::DefaultEncryption{ServerEncryption::Type::kSseS3, {}};
  std::vector<store::LifecycleRule> rules;
  store::Versioning versioning = store::Versioning::kOff;
  std::optional<store::ObjectLock> lock;
  Result<std::string> policy = std::string();
};

class CheckBucketTest : public ::testing::Test {
 protected:
  CheckBucketTest() { use_.prefix = "out/"; }
  /// Findings of this severity.
  std::vector<Finding> Found(Severity severity) {
    Findings findings("destination");
    CheckBucket(bucket_, use_, findings);
    std::vector<Finding> some;
    for (const auto& finding : findings.all()) {
      if (finding.severity == severity) some.push_back(finding);
    }
    return some;
  }
  Finding Only(Severity severity) {
    const auto found = Found(severity);
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? Finding{} : found[0];
  }
  store::LifecycleRule Rule(const std::string& prefix) {
    store::LifecycleRule rule;
    rule.id = "tidy";
    rule.prefix = prefix;
    return rule;
  }

  FakeBucket bucket_;
  BucketUse use_;
};

TEST_F(CheckBucketTest, AGoodBucketHasNothingToMend) {
  EXPECT_TRUE(Found(Severity::kFault).empty());
  EXPECT_TRUE(Found(Severity::kWarning).empty());
  EXPECT_TRUE(Found(Severity::kNote).empty());
}

TEST_F(CheckBucketTest, AWrongRegionIsNamedWithTheRightOne) {
  use_.region = "us-east-2";
  const Finding finding = Only(Severity::kFault);
  EXPECT_THAT(finding.message, HasSubstr("us-east-2"));
  EXPECT_EQ(finding.fix, "set `region: eu-west-1`");
}

TEST_F(CheckBucketTest, ABucketThatIsNotThereIsAskedNothingElse) {
  bucket_.region = Fail(ErrorKind::kNotFound, "s3://acme/: looking up the bucket failed");
  Findings findings("destination");
  EXPECT_FALSE(CheckBucket(bucket_, use_, findings));
  EXPECT_EQ(findings.all().size(), 1u);
}

TEST_F(CheckBucketTest, APolicyIsReadWhereTheServerCallsItNotPublic) {
  bucket_.block = std::optional<store::PublicAccessBlock>();
  bucket_.policy = std::string(
      R"({"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "s3:GetObject",
          "Resource": "arn:aws:s3:::acme/*"}]})");
  EXPECT_THAT(Only(Severity::kFault).message, HasSubstr("everybody"));
}

TEST_F(CheckBucketTest, APublicPolicyIsAFaultUnlessTheBlockHolds) {
  bucket_.is_public = true;
  EXPECT_TRUE(Found(Severity::kFault).empty());
  bucket_.block = std::optional<store::PublicAccessBlock>();
  EXPECT_THAT(Only(Severity::kFault).message, HasSubstr("public"));
}

TEST_F(CheckBucketTest, AccessThatIsNotBlockedIsAWarningWithItsCommand) {
  bucket_.block = std::optional<store::PublicAccessBlock>();
  EXPECT_THAT(Only(Severity::kWarning).fix, HasSubstr("put-public-access-block --bucket acme"));
}

TEST_F(CheckBucketTest, WhatMayNotBeAskedIsOneNoteWithItsActions) {
  bucket_.block = Fail(ErrorKind::kPermission, "no");
  bucket_.encryption = Fail(ErrorKind::kPermission, "no");
  const Finding finding = Only(Severity::kNote);
  EXPECT_THAT(finding.message, HasSubstr("the block of public access, the default encryption"));
  EXPECT_THAT(finding.fix, HasSubstr("s3:GetBucketPublicAccessBlock, s3:GetEncryption"));
  EXPECT_TRUE(Found(Severity::kFault).empty());
}

TEST_F(CheckBucketTest, WhatTheServerLacksIsANote) {
  bucket_.block = Fail(ErrorKind::kUnsupported, "NotImplemented");
  EXPECT_THAT(Only(Severity::kNote).message,
              HasSubstr("not checked, because the server has no such"));
}

TEST_F(CheckBucketTest, UploadsThatAreAbortedTooEarlyAreAFault) {
  auto rule = Rule("");
  rule.aborts_uploads_after_days = 1;
  bucket_.rules = {rule};
  EXPECT_THAT(Only(Severity::kFault).fix, HasSubstr("to 7 or more"));
  bucket_.rules[0].aborts_uploads_after_days = 7;
  EXPECT_TRUE(Found(Severity::kFault).empty());
}

TEST_F(CheckBucketTest, ARuleThatDeletesExportsIsAFaultOnlyWhereItMeetsThem) {
  for (const auto& [prefix, faults] :
       {std::pair{"", 1u}, {"o", 1u}, {"out/events_incremental/", 1u}, {"logs/", 0u}}) {
    auto rule = Rule(prefix);
    rule.expires = true;
    rule.expires_after_days = 90;
    bucket_.rules = {rule};
    EXPECT_EQ(Found(Severity::kFault).size(), faults) << prefix;
  }
  bucket_.rules[0].prefix = "";
  bucket_.rules[0].asks_for_tags = true;
  EXPECT_TRUE(Found(Severity::kFault).empty());
}

TEST_F(CheckBucketTest, ArchivedExportsAreAWarning) {
  auto rule = Rule("out/");
  rule.archive_class = "DEEP_ARCHIVE";
  bucket_.rules = {rule};
  EXPECT_THAT(Only(Severity::kWarning).message, HasSubstr("DEEP_ARCHIVE"));
}

TEST_F(CheckBucketTest, OldVersionsThatNobodyDropsAreANote) {
  bucket_.versioning = store::Versioning::kOn;
  EXPECT_THAT(Only(Severity::kNote).fix, HasSubstr("NoncurrentVersionExpiration"));
  auto rule = Rule("");
  rule.drops_old_versions_after_days = 3;
  bucket_.rules = {rule};
  EXPECT_TRUE(Found(Severity::kNote).empty());
}

TEST_F(CheckBucketTest, APartnerCannotReadUnderAwssOwnKey) {
  use_.partner = onboard::PartnerAccess{"arn:aws:iam::1:role/p", "acme", "out/", {}, {}};
  bucket_.policy = Fail(ErrorKind::kPermission, "no");
  bucket_.encryption = store::DefaultEncryption{ServerEncryption::Type::kSseKms, {}};
  EXPECT_THAT(Only(Severity::kWarning).message, HasSubstr("aws/s3"));
}

TEST_F(CheckBucketTest, AMissingStatementIsPrinted) {
  use_.partner = onboard::PartnerAccess{
      "arn:aws:iam::1:role/p", "acme", "out/", {"out/events_incremental/"}, {"out/_export_state/"}};
  const Finding finding = Only(Severity::kWarning);
  EXPECT_THAT(finding.message, HasSubstr("does not allow arn:aws:iam::1:role/p to read"));
  EXPECT_THAT(finding.fix, HasSubstr("arn:aws:s3:::acme/out/events_incremental/*"));
  bucket_.policy = "{\"Statement\": [" + onboard::PartnerStatementsText(*use_.partner) + "]}";
  EXPECT_TRUE(Found(Severity::kWarning).empty());
}

}  // namespace
}  // namespace sluice::exporter
