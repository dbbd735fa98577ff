#include "sluice/onboard/merge_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::onboard {
namespace {

using testing::IsError;
using testing::IsOk;

const Json kForeign =
    Json::parse(R"({"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
    "Resource": "arn:aws:s3:::acme/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})");

Json Ours(const char* resource = "a", const char* role = "arn:aws:iam::1:role/p") {
  return {{"Sid", "Ours"},
          {"Effect", "Allow"},
          {"Principal", {{"AWS", role}}},
          {"Action", "s3:GetObject"},
          {"Resource", Json::array({resource, "z"})}};
}

std::string PolicyOf(const Json& statements) {
  return Json({{"Version", "2012-10-17"}, {"Id", "mine"}, {"Statement", statements}}).dump();
}

MergedPolicy Merge(const std::string& existing, const std::vector<Json>& ours) {
  auto merged = MergePolicy(existing, ours);
  EXPECT_THAT(merged, IsOk());
  return *merged;
}

TEST(MergePolicyTest, ABucketWithoutAPolicyGetsOurs) {
  const auto merged = Merge("", {Ours()});
  EXPECT_EQ(merged.policy["Version"], "2012-10-17");
  EXPECT_EQ(merged.policy["Statement"], Json::array({Ours()}));
  EXPECT_EQ(merged.others, 0U);
}

TEST(MergePolicyTest, StatementsOfOthersStayWhereTheyAre) {
  const auto merged = Merge(PolicyOf(kForeign), {Ours()});
  EXPECT_EQ(merged.policy["Statement"], Json::array({kForeign, Ours()}));
  EXPECT_EQ(merged.policy["Id"], "mine");
  EXPECT_EQ(merged.others, 1U);
}

TEST(MergePolicyTest, OneOfOursIsUpdatedInItsPlace) {
  const auto merged = Merge(PolicyOf(Json::array({Ours(), kForeign})), {Ours("b")});
  EXPECT_EQ(merged.policy["Statement"], Json::array({Ours("b"), kForeign}));
  ASSERT_EQ(merged.changes.size(), 1U);
  EXPECT_EQ(merged.changes[0].before, Ours());
}

TEST(MergePolicyTest, MergedTwiceNothingChanges) {
  const auto once = Merge(PolicyOf(Json::array({kForeign})), {Ours()});
  EXPECT_TRUE(Merge(once.policy.dump(), {Ours()}).changes.empty());
}

TEST(MergePolicyTest, OrderAndListsOfOneMakeNoDifference) {
  Json same = Ours();
  same["Resource"] = Json::array({"z", "a"});
  same["Action"] = Json::array({"s3:GetObject"});
  EXPECT_TRUE(Merge(PolicyOf(Json::array({same})), {Ours()}).changes.empty());
}

TEST(MergePolicyTest, AStatementForAnotherRoleIsNotTakenFromIt) {
  EXPECT_THAT(MergePolicy(PolicyOf(Json::array({Ours("a", "arn:aws:iam::2:role/q")})), {Ours()}),
              IsError(ErrorKind::kConflict));
}

TEST(MergePolicyTest, WhatS3WouldNotTakeIsRefused) {
  Json long_one = kForeign;
  long_one["Resource"] = std::string(21000, 'x');
  EXPECT_THAT(MergePolicy(PolicyOf(long_one), {Ours()}), IsError(ErrorKind::kUnsupported));
}

TEST(MergePolicyTest, WhatIsNotAPolicyIsRefused) {
  EXPECT_THAT(MergePolicy("[]", {Ours()}), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(MergePolicy(R"({"Statement": "x"})", {Ours()}), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::onboard
