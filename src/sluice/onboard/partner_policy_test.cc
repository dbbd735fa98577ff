#include "sluice/onboard/partner_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::onboard {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

const PartnerAccess kAccess{"arn:aws:iam::123456789012:role/partner",
                            "acme",
                            "out/",
                            {"out/events_incremental/", "out/_sluice/events/heartbeat.json"},
                            {"out/_sluice/*/ledger/", "out/_export_state/"}};

PartnerGaps Gaps(const std::string& statements) {
  const auto gaps = FindPartnerGaps("{\"Statement\": [" + statements + "]}", kAccess);
  EXPECT_THAT(gaps, IsOk());
  return *gaps;
}

/// An allowance of everything in the bucket to `principal`.
std::string AllowAll(const std::string& principal) {
  return R"({"Effect": "Allow", "Principal": )" + principal +
         R"(, "Action": "s3:*", "Resource": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"]})";
}

TEST(PartnerPolicyTest, TheStatementsThatAreOfferedLeaveNoGap) {
  EXPECT_FALSE(Gaps(PartnerStatementsText(kAccess)).any());
}

TEST(PartnerPolicyTest, WithoutAPolicyAllIsMissing) {
  const auto gaps = FindPartnerGaps("", kAccess);
  ASSERT_THAT(gaps, IsOk());
  EXPECT_EQ(gaps->unreadable, kAccess.readable);
  EXPECT_TRUE(gaps->cannot_list);
  EXPECT_EQ(gaps->not_denied, kAccess.internal);
}

TEST(PartnerPolicyTest, RolesAreNamedByThemselvesTheirAccountOrEverybody) {
  for (const char* principal :
       {R"("*")", R"({"AWS": "*"})", R"({"AWS": "123456789012"})",
        R"({"AWS": ["arn:aws:iam::9:root", "arn:aws:iam::123456789012:root"]})",
        R"({"AWS": "arn:aws:iam::123456789012:role/partner"})"}) {
    EXPECT_TRUE(Gaps(AllowAll(principal)).unreadable.empty()) << principal;
  }
  EXPECT_FALSE(Gaps(AllowAll(R"({"AWS": "arn:aws:iam::9:root"})")).unreadable.empty());
}

TEST(PartnerPolicyTest, WhatIsAllowedWithoutADenialIsAGap) {
  EXPECT_THAT(Gaps(AllowAll("\"*\"")).not_denied,
              ElementsAre("out/_sluice/*/ledger/", "out/_export_state/"));
}

TEST(PartnerPolicyTest, ADenialWithAConditionIsNone) {
  const auto gaps = Gaps(R"({"Effect": "Deny", "Principal": "*", "Action": "s3:*",
      "Resource": "arn:aws:s3:::acme/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})");
  EXPECT_EQ(gaps.not_denied, kAccess.internal);
}

TEST(PartnerPolicyTest, ADenialThatIsTooWideMakesExportsUnreadable) {
  const auto gaps = Gaps(PartnerStatementsText(kAccess) +
                         R"(, {"Effect": "Deny", "Principal": "*", "Action": "s3:Get*",
      "NotResource": "arn:aws:s3:::acme/out/_sluice/*"})");
  EXPECT_THAT(gaps.unreadable, ElementsAre("out/events_incremental/"));
}

TEST(PartnerPolicyTest, OtherPartitionsOfAwsHaveTheirOwnArns) {
  PartnerAccess access = kAccess;
  access.role_arn = "arn:aws-cn:iam::123456789012:role/partner";
  EXPECT_THAT(PartnerStatementsText(access), HasSubstr("arn:aws-cn:s3:::acme/out/"));
}

TEST(PartnerPolicyTest, WhatIsNoPolicyIsRefused) {
  EXPECT_THAT(FindPartnerGaps("nonsense", kAccess), IsError(ErrorKind::kCorrupt));
}

TEST(LetsEverybodyInTest, IsAnAllowanceForAllWithoutACondition) {
  const auto lets = [](const std::string& statement) {
    return *LetsEverybodyIn("{\"Statement\": " + statement + "}");
  };
  EXPECT_TRUE(lets(R"({"Effect": "Allow", "Principal": "*"})"));
  EXPECT_TRUE(lets(R"([{"Effect": "Allow", "Principal": {"AWS": ["arn:x", "*"]}}])"));
  EXPECT_TRUE(lets(R"([{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:x"}}])"));
  EXPECT_FALSE(lets(R"([{"Effect": "Deny", "Principal": "*"}])"));
  EXPECT_FALSE(lets(R"([{"Effect": "Allow", "Principal": "*", "Condition": {"a": {}}}])"));
  EXPECT_FALSE(lets(R"([{"Effect": "Allow", "Principal": {"AWS": "arn:x"}}])"));
  EXPECT_FALSE(*LetsEverybodyIn(""));
  EXPECT_FALSE(LetsEverybodyIn("no policy"));
}

}  // namespace
}  // namespace sluice::onboard
