#include "sluice/onboard/policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/onboard/aws_commands.h"
#include "sluice/onboard/documents.h"
#include "sluice/onboard/terraform.h"
#include "sluice/onboard/unity_sql.h"
#include "sluice/testing/matchers.h"

namespace sluice::onboard {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using ::testing::Not;

using Given = onboard::Setup;  // GoogleTest reserves the other name in its classes

constexpr const char* kPartnerRole = "arn:aws:iam::838011126883:role/AuxiaTransferRole";
constexpr const char* kKey = "arn:aws:kms:us-west-2:111122223333:key/databricks-kms";

/// A config of one append table, exported to s3://acme/out, and what onboard makes of it.
class OnboardTest : public ::testing::Test {
 protected:
  OnboardTest() {
    config_.file = "/etc/sluice.yaml";
    config_.folder = "/etc";
    config_.destination.options.region = "us-west-2";
    config_.partner.role_arn = kPartnerRole;
    Add("main.sales.events", "events", config::AppendOptions{"at", config::StartNow{}, {}, {}});
  }

  void Add(const std::string& table, const std::string& name, config::PatternOptions options) {
    config::Table entry;
    entry.table = table;
    entry.name = name;
    entry.path = "s3://lake/" + name;
    entry.options = std::move(options);
    config_.tables.push_back(entry);
  }

  Given Make(const std::string& destination = "s3://acme/out",
             const std::string& state = "s3://acme/out/_export_state") {
    std::vector<const config::Table*> tables;
    for (const auto& table : config_.tables) tables.push_back(&table);
    return MakeSetup(config_, *store::ParseLocation(destination, "/"),
                     *store::ParseLocation(state, "/"), tables, options_);
  }
  void Encrypt(const std::string& key) {
    config_.destination.encryption = {config::Encryption::Type::kSseKms, key};
  }

  config::Config config_;
  Options options_;
};

/// The values of `member` in all statements, lists flattened.
std::vector<std::string> All(const Json& policy, const std::string& member) {
  std::vector<std::string> all;
  for (const auto& statement : policy["Statement"]) {
    if (!statement.contains(member)) continue;
    if (statement[member].is_string()) all.push_back(statement[member]);
    if (!statement[member].is_array()) continue;
    for (const auto& value : statement[member]) all.push_back(value);
  }
  return all;
}

TEST_F(OnboardTest, TheGuidesPolicyIsWordForWordThatOfTheGuide) {
  EXPECT_EQ(GuidePolicy(Make("s3://acme", "s3://acme/_export_state")), Json::parse(R"({
    "Version": "2012-10-17",
    "Statement": [{
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::838011126883:role/AuxiaTransferRole"},
      "Action": ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"],
      "Resource": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"]}]})"));
}

TEST_F(OnboardTest, ThePartnersPolicyLeavesNoGapThatCheckWouldFind) {
  const Given setup = Make();
  const auto gaps = FindPartnerGaps(PartnerPolicy(setup).dump(), setup.partner);
  ASSERT_THAT(gaps, IsOk());
  EXPECT_FALSE(gaps->any());
}

TEST_F(OnboardTest, ThePartnerMayNeitherWriteNorReadOtherThanExports) {
  const Json policy = PartnerPolicy(Make());
  EXPECT_THAT(All(policy, "Action"), Not(Contains(HasSubstr("Put"))));
  for (const auto& statement : policy["Statement"]) {
    if (statement["Effect"] != "Allow" || statement["Action"] != "s3:GetObject") continue;
    EXPECT_EQ(statement["Resource"], Json::parse(R"(["arn:aws:s3:::acme/out/events_incremental/*",
                              "arn:aws:s3:::acme/out/_sluice/events/manifests/*",
                              "arn:aws:s3:::acme/out/_sluice/events/heartbeat.json"])"));
  }
}

TEST_F(OnboardTest, AStateElsewhereInTheBucketIsDeniedAndWritten) {
  const Given setup = Make("s3://acme/out", "s3://acme/internal/progress");
  EXPECT_THAT(setup.partner.internal, Contains("internal/progress/"));
  EXPECT_THAT(All(ExporterPolicy(setup), "Resource"),
              ::testing::IsSupersetOf({"arn:aws:s3:::acme/internal/progress/*",
                                       "arn:aws:s3:::acme/internal/_sluice/*"}));
}

TEST_F(OnboardTest, AStateInAnotherBucketIsNoneOfThePartnersConcern) {
  const Given setup = Make("s3://acme/out", "s3://private/progress");
  EXPECT_EQ(setup.partner.internal, std::vector<std::string>{"out/_databricks/"});
  EXPECT_TRUE(GuardStatements(setup).empty());
  EXPECT_THAT(All(ExporterPolicy(setup), "Resource"), Contains("arn:aws:s3:::private"));
}

TEST_F(OnboardTest, TheGuardExemptsThePartsOfUploads) {
  const auto guard = GuardStatements(Make());
  ASSERT_EQ(guard.size(), 1U);
  EXPECT_EQ(guard[0]["Condition"], Json::parse(R"({"Null": {"s3:if-none-match": "true"},
      "Bool": {"s3:ObjectCreationOperation": "true"}})"));
  EXPECT_THAT(guard[0]["Resource"].get<std::vector<std::string>>(),
              Contains("arn:aws:s3:::acme/out/_sluice/*/ledger/*.commit.json"));
}

TEST_F(OnboardTest, DatabricksRoleIsThatOfItsTerraformProvider) {
  options_.account = "123456789098";
  options_.databricks_role = "databricks-role";
  options_.databricks_external_id = "12345";
  Encrypt(kKey);
  const Given setup = Make("s3://databricks-bucket", "s3://databricks-bucket/_export_state");
  // What the data sources give for these arguments, as their documentation and tests show it.
  EXPECT_EQ(DatabricksPolicy(setup), Json::parse(R"({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket",
       "s3:GetBucketLocation", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts",
       "s3:AbortMultipartUpload"],
     "Resource": ["arn:aws:s3:::databricks-bucket/*", "arn:aws:s3:::databricks-bucket"]},
    {"Effect": "Allow", "Action": ["sts:AssumeRole"],
     "Resource": ["arn:aws:iam::123456789098:role/databricks-role"]},
    {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"],
     "Resource": ["arn:aws:kms:us-west-2:111122223333:key/databricks-kms"]},
    {"Sid": "ManagedFileEventsSetupStatement", "Effect": "Allow",
     "Action": ["s3:GetBucketNotification", "s3:PutBucketNotification", "sns:ListSubscriptionsByTopic",
       "sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:CreateTopic", "sns:TagResource",
       "sns:Publish", "sns:Subscribe", "sqs:CreateQueue", "sqs:DeleteMessage", "sqs:ReceiveMessage",
       "sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes",
       "sqs:TagQueue", "sqs:ChangeMessageVisibility", "sqs:PurgeQueue"],
     "Resource": ["arn:aws:s3:::databricks-bucket", "arn:aws:sqs:*:123456789098:csms-*",
       "arn:aws:sns:*:123456789098:csms-*"]},
    {"Sid": "ManagedFileEventsListStatement", "Effect": "Allow",
     "Action": ["sqs:ListQueues", "sqs:ListQueueTags", "sns:ListTopics"],
     "Resource": ["arn:aws:sqs:*:123456789098:csms-*", "arn:aws:sns:*:123456789098:csms-*"]},
    {"Sid": "ManagedFileEventsTeardownStatement", "Effect": "Allow",
     "Action": ["sns:Unsubscribe", "sns:DeleteTopic", "sqs:DeleteQueue"],
     "Resource": ["arn:aws:sqs:*:123456789098:csms-*", "arn:aws:sns:*:123456789098:csms-*"]}]})"));
  EXPECT_EQ(DatabricksTrust(setup), Json::parse(R"({"Version": "2012-10-17", "Statement": [
    {"Sid": "UnityCatalogAssumeRole", "Effect": "Allow", "Action": "sts:AssumeRole",
     "Condition": {"StringEquals": {"sts:ExternalId": "12345"}},
     "Principal": {"AWS": "arn:aws:iam::414351767826:role/unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL"}},
    {"Sid": "ExplicitSelfRoleAssumption", "Effect": "Allow", "Action": "sts:AssumeRole",
     "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789098:role/databricks-role"},
                   "StringEquals": {"sts:ExternalId": "12345"}},
     "Principal": {"AWS": "arn:aws:iam::123456789098:root"}}]})"));
}

TEST_F(OnboardTest, AKeyByItsAliasIsNamedByACondition) {
  Encrypt("alias/exports");
  options_.account = "123456789012";
  const Json statement = ExporterPolicy(Make())["Statement"].back();
  EXPECT_EQ(statement["Resource"][0], "arn:aws:kms:us-west-2:123456789012:key/*");
  EXPECT_EQ(statement["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"],
            "alias/exports");
}

TEST_F(OnboardTest, EverythingIsInThePartitionOfTheRegion) {
  config_.destination.options.region = "cn-north-1";
  config_.partner.role_arn = "arn:aws-cn:iam::838011126883:role/p";
  Encrypt("0123");
  const auto documents = MakeDocuments(Make());
  ASSERT_THAT(documents, IsOk());
  for (const auto& document : *documents) EXPECT_THAT(document.text, Not(HasSubstr("arn:aws:")));
  EXPECT_THAT(PartnerKeyStatement(Make()).dump(), HasSubstr("s3.cn-north-1.amazonaws.com.cn"));
}

TEST_F(OnboardTest, PartitionsThatDifferAreAContradictionOfTheirKey) {
  EXPECT_FALSE(FindContradiction(config_, options_));
  config_.partner.role_arn = "arn:aws-us-gov:iam::838011126883:role/p";
  const auto found = FindContradiction(config_, options_);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->key, ::testing::ElementsAre("partner", "role_arn"));
  EXPECT_THAT(found->message, HasSubstr("aws-us-gov"));
  EXPECT_THAT(found->message, HasSubstr("us-west-2"));
}

TEST_F(OnboardTest, ARoleOfAnotherAccountThanTheBucketsIsAContradiction) {
  config_.destination.options.expected_bucket_owner = "111111111111";
  config_.destination.options.auth.role_arn = "arn:aws:iam::222222222222:role/x";
  const auto found = FindContradiction(config_, options_);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->message, HasSubstr("111111111111"));
  config_.destination.options.auth.role_arn = "arn:aws:iam::111111111111:role/x";
  EXPECT_FALSE(FindContradiction(config_, options_));
  options_.account = "333333333333";
  EXPECT_TRUE(FindContradiction(config_, options_));
}

TEST_F(OnboardTest, OptionsThatAreNotWhatTheyShouldBeAreWrongUsage) {
  EXPECT_THAT(CheckOptions(options_), IsOk());
  options_.account = "12";
  EXPECT_THAT(CheckOptions(options_), IsError(ErrorKind::kUsage));
  options_ = {};
  options_.runner = "alice";
  EXPECT_THAT(CheckOptions(options_), IsError(ErrorKind::kUsage));
  options_ = {};
  options_.catalog = "a`; DROP";
  EXPECT_THAT(CheckOptions(options_), IsError(ErrorKind::kUsage));
}

TEST_F(OnboardTest, APolicyThatS3WouldNotTakeIsRefused) {
  for (int i = 0; i < 200; ++i) {
    Add("t", "a_table_with_quite_a_long_name_" + std::to_string(i), config::SnapshotOptions{});
  }
  EXPECT_THAT(MakeDocuments(Make()), IsError(ErrorKind::kUnsupported));
}

TEST_F(OnboardTest, TheExternalIdsOfBothSidesStandInTrustPolicies) {
  config_.partner.external_id = "from-the-partner";
  config_.destination.options.auth.role_arn = "arn:aws:iam::111111111111:role/team/exporter";
  config_.destination.options.auth.external_id = "ours";
  const auto documents = MakeDocuments(Make());
  ASSERT_THAT(documents, IsOk());
  const auto text = [&](const std::string& name, Kind kind) {
    for (const auto& document : *documents) {
      if (document.name == name && document.kind == kind) return document.text;
    }
    return std::string();
  };
  EXPECT_THAT(text("exporter-trust", Kind::kJson), HasSubstr("\"sts:ExternalId\": \"ours\""));
  EXPECT_THAT(text("exporter-role", Kind::kAws), HasSubstr("--role-name 'exporter'"));
  EXPECT_THAT(text("partner-access-trust", Kind::kJson), HasSubstr("from-the-partner"));
  EXPECT_THAT(text("partner-access-policy", Kind::kJson), Not(HasSubstr("Principal")));
}

TEST_F(OnboardTest, ALocalDestinationGetsOneDocumentThatSaysSo) {
  const auto documents = MakeDocuments(Make("/data/out", "/data/out/_export_state"));
  ASSERT_THAT(documents, IsOk());
  ASSERT_EQ(documents->size(), 1U);
  EXPECT_THAT(documents->front().text, HasSubstr("/data/out/events_incremental"));
  EXPECT_THAT(documents->front().text, HasSubstr("do not apply"));
}

TEST_F(OnboardTest, OnlyAFeedThatIsOffIsTurnedOn) {
  Given setup = Make();
  setup.feeds = {{"main.crm.users", FeedNeed::Kind::kOff, ""},
                 {"main.crm.plans", FeedNeed::Kind::kOn, ""},
                 {"main.crm.odd`name", FeedNeed::Kind::kUnknown, "first line\nDROP TABLE x"}};
  const std::string sql = ChangeFeedSql(setup);
  EXPECT_THAT(sql, HasSubstr("\nALTER TABLE `main`.`crm`.`users` SET"));
  EXPECT_THAT(sql, HasSubstr("-- ALTER TABLE `main`.`crm`.`odd``name`"));
  EXPECT_THAT(sql, HasSubstr("\n-- DROP TABLE x"));
  EXPECT_THAT(sql, Not(HasSubstr("ALTER TABLE `main`.`crm`.`plans`")));
}

TEST_F(OnboardTest, TheSchemasManagedLocationHoldsNeitherExportsNorState) {
  const std::string sql = UnityCatalogSql(Make());
  EXPECT_THAT(sql, HasSubstr("MANAGED LOCATION 's3://acme/out/_databricks'"));
  EXPECT_THAT(sql, HasSubstr("LOCATION 's3://acme/out/_export_state'"));
  EXPECT_THAT(sql, HasSubstr("`main`.`sluice_export`"));
}

TEST_F(OnboardTest, TransfersLeaveLedgersOfAllTablesOut) {
  const Json excluded = TransferExcludes(Make())["excludePrefixes"];
  EXPECT_THAT(
      excluded.get<std::vector<std::string>>(),
      ::testing::IsSupersetOf({"_export_state/", "_sluice/events/ledger/", "_databricks/"}));
}

TEST(ShellWordTest, SurvivesQuotes) { EXPECT_EQ(ShellWord("it's"), "'it'\\''s'"); }

TEST(HclStringTest, HoldsNoTemplate) {
  EXPECT_EQ(HclString("a${b}%{c}\"\n"), R"("a$${b}%%{c}\"\n")");
}

}  // namespace
}  // namespace sluice::onboard
