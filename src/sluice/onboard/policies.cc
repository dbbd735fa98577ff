#include "sluice/onboard/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "sluice/ledger/ledger_path.h"

namespace sluice::onboard {
namespace {

using store::Location;

Json Allow(const char* sid, Json actions, Json resources) {
  return {{"Sid", sid},
          {"Effect", "Allow"},
          {"Action", std::move(actions)},
          {"Resource", std::move(resources)}};
}

std::string Below(const Setup& setup, const std::string& bucket, const std::string& key) {
  return setup.BucketArn(bucket) + "/" + KeyPattern(key);
}

std::string Everything(const std::string& prefix) { return prefix.empty() ? "*" : prefix + "*"; }

/// What the exporter writes: below the destination; the state's folder and the ledger beside it where they lie
/// elsewhere.
std::set<std::string> WrittenArns(const Setup& setup) {
  const auto& at = setup.destination;
  std::set<std::string> arns{setup.BucketArn(at.bucket) + "/" + Everything(PrefixOf(at))};
  const bool beside = setup.state.bucket == at.bucket && store::Contains(at, setup.state);
  if (beside || setup.state.scheme != Location::Scheme::kS3) return arns;
  arns.insert(Below(setup, setup.state.bucket, PrefixOf(setup.state)));
  const auto parent = setup.state.Parent();
  if (parent) arns.insert(Below(setup, setup.state.bucket, PrefixOf(*parent) + "_sluice/"));
  return arns;
}

std::set<std::string> WrittenBuckets(const Setup& setup) {
  std::set<std::string> arns{setup.BucketArn(setup.destination.bucket)};
  if (setup.state.scheme == Location::Scheme::kS3) {
    arns.insert(setup.BucketArn(setup.state.bucket));
  }
  return arns;
}

std::vector<Json> SourceRights(const Setup& setup) {
  if (setup.sources.empty()) return {};
  std::set<std::string> buckets, objects;
  for (const auto& source : setup.sources) {
    buckets.insert(setup.BucketArn(source.bucket));
    objects.insert(setup.BucketArn(source.bucket) + "/" + Everything(PrefixOf(source)));
  }
  return {Allow("ListSources", "s3:ListBucket", Json(buckets)),
          Allow("ReadSources", "s3:GetObject", Json(objects))};
}

bool UsesKey(const Setup& setup) {
  return setup.encryption.type == config::Encryption::Type::kSseKms;
}

/// The key as a policy names it: an alias stands for whatever key has it.
Json KeyStatement(const Setup& setup, const char* sid, Json actions) {
  const std::string key = setup.encryption.kms_key_id.value_or("");
  const auto arn = [&](const std::string& resource) {
    return setup.Arn(fmt::format("kms:{}:{}:{}", setup.region, setup.account, resource));
  };
  Json statement = Json::object();
  if (sid != nullptr) statement["Sid"] = sid;
  statement["Effect"] = "Allow";
  statement["Action"] = std::move(actions);
  const size_t alias = key.find("alias/");
  if (alias == std::string::npos) {
    statement["Resource"] = Json::array({key.starts_with("arn:") ? key : arn("key/" + key)});
    return statement;
  }
  statement["Resource"] = Json::array({arn("key/*")});
  statement["Condition"] = {
      {"ForAnyValue:StringEquals", {{"kms:ResourceAliases", key.substr(alias)}}}};
  return statement;
}

/// The role under which Unity Catalog works in each partition; Databricks publishes none for others.
std::string UnityCatalogRole(const std::string& partition) {
  if (partition == "aws") {
    return "arn:aws:iam::414351767826:role/unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL";
  }
  if (partition == "aws-us-gov") {
    return "arn:aws-us-gov:iam::044793339203:role/unity-catalog-prod-UCMasterRole-1QRFA8SGY15OJ";
  }
  return "<unity-catalog-role-arn>";
}

}  // namespace

Json Policy(const std::vector<Json>& statements) {
  return {{"Version", "2012-10-17"}, {"Statement", Json(statements)}};
}

Json GuidePolicy(const Setup& setup) {
  const std::string bucket = setup.BucketArn(setup.destination.bucket);
  return Policy(
      {{{"Effect", "Allow"},
        {"Principal", {{"AWS", setup.partner.role_arn}}},
        {"Action", Json::array({"s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"})},
        {"Resource", Json::array({bucket, bucket + "/*"})}}});
}

Json PartnerPolicy(const Setup& setup) { return Policy(PartnerStatements(setup.partner)); }

std::vector<Json> GuardStatements(const Setup& setup) {
  const auto beside = setup.state.Parent();
  if (!beside || setup.state.bucket != setup.destination.bucket) return {};
  const std::string ledger = PrefixOf(*beside) + ledger::LedgerFolder("*");
  Json records = Json::array();
  for (const char* file : {"*.intent.json", "*.commit.json", "*.commit.*.json", "identity*.json"}) {
    records.push_back(Below(setup, setup.state.bucket, ledger + file));
  }
  return {{{"Sid", "LedgerIsWrittenOnce"},
           {"Effect", "Deny"},
           {"Principal", "*"},
           {"Action", "s3:PutObject"},
           {"Resource", std::move(records)},
           {"Condition",
            {{"Null", {{"s3:if-none-match", "true"}}},
             {"Bool", {{"s3:ObjectCreationOperation", "true"}}}}}}};
}

std::vector<Json> BucketStatements(const Setup& setup) {
  std::vector<Json> statements = PartnerStatements(setup.partner);
  for (auto& statement : GuardStatements(setup)) statements.push_back(std::move(statement));
  return statements;
}

Json BucketPolicy(const Setup& setup) { return Policy(BucketStatements(setup)); }

Json PartnerKeyStatement(const Setup& setup) {
  Json statement = {{"Sid", "PartnerDecryptsExports"},
                    {"Effect", "Allow"},
                    {"Principal", {{"AWS", setup.partner.role_arn}}},
                    {"Action", "kms:Decrypt"},
                    {"Resource", "*"}};
  if (!setup.region.starts_with('<')) {
    const char* suffix = setup.partition == "aws-cn" ? ".cn" : "";
    statement["Condition"] = {
        {"StringEquals",
         {{"kms:ViaService", fmt::format("s3.{}.amazonaws.com{}", setup.region, suffix)}}}};
  }
  return statement;
}

Json ExporterPolicy(const Setup& setup) {
  std::vector<Json> statements;
  if (!setup.source_reader) statements = SourceRights(setup);
  const Json written(WrittenArns(setup)), buckets(WrittenBuckets(setup));
  statements.push_back(Allow(
      "ListExports", Json::array({"s3:ListBucket", "s3:ListBucketMultipartUploads"}), buckets));
  statements.push_back(Allow(
      "WriteExports",
      Json::array({"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"}),
      written));
  statements.push_back(
      Allow("AskSettings",
            Json::array({"s3:GetBucketPublicAccessBlock", "s3:GetBucketPolicy",
                         "s3:GetBucketPolicyStatus", "s3:GetBucketVersioning",
                         "s3:GetBucketObjectLockConfiguration", "s3:GetEncryptionConfiguration",
                         "s3:GetLifecycleConfiguration"}),
            buckets));
  if (UsesKey(setup)) {
    statements.push_back(
        KeyStatement(setup, "UseKey", Json::array({"kms:GenerateDataKey", "kms:Decrypt"})));
  }
  return Policy(statements);
}

Json PartnerRolePolicy(const Setup& setup) {
  std::vector<Json> statements = PartnerRights(setup.partner);
  if (UsesKey(setup)) statements.push_back(KeyStatement(setup, "DecryptExports", "kms:Decrypt"));
  return Policy(statements);
}

Json SourceReaderPolicy(const Setup& setup) { return Policy(SourceRights(setup)); }

Json TrustPolicy(const std::string& principal, const std::string& external_id) {
  Json statement = {{"Sid", "AssumeRole"},
                    {"Effect", "Allow"},
                    {"Principal", {{"AWS", principal}}},
                    {"Action", "sts:AssumeRole"}};
  if (!external_id.empty()) {
    statement["Condition"] = {{"StringEquals", {{"sts:ExternalId", external_id}}}};
  }
  return Policy({std::move(statement)});
}

Json DatabricksPolicy(const Setup& setup) {
  const std::string bucket = setup.BucketArn(setup.destination.bucket);
  std::vector<Json> statements = {
      {{"Effect", "Allow"},
       {"Action", Json::array({"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket",
                               "s3:GetBucketLocation", "s3:ListBucketMultipartUploads",
                               "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"})},
       {"Resource", Json::array({bucket + "/*", bucket})}},
      {{"Effect", "Allow"},
       {"Action", Json::array({"sts:AssumeRole"})},
       {"Resource", Json::array({setup.databricks.arn})}}};
  if (UsesKey(setup)) {
    statements.push_back(KeyStatement(
        setup, nullptr, Json::array({"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"})));
  }
  const auto queue = [&](const char* service) {
    return setup.Arn(fmt::format("{}:*:{}:csms-*", service, setup.account));
  };
  const Json queues = Json::array({queue("sqs"), queue("sns")});
  statements.push_back(
      Allow("ManagedFileEventsSetupStatement",
            Json::array({"s3:GetBucketNotification", "s3:PutBucketNotification",
                         "sns:ListSubscriptionsByTopic", "sns:GetTopicAttributes",
                         "sns:SetTopicAttributes", "sns:CreateTopic", "sns:TagResource",
                         "sns:Publish", "sns:Subscribe", "sqs:CreateQueue", "sqs:DeleteMessage",
                         "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:GetQueueUrl",
                         "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:TagQueue",
                         "sqs:ChangeMessageVisibility", "sqs:PurgeQueue"}),
            Json::array({bucket, queues[0], queues[1]})));
  statements.push_back(Allow("ManagedFileEventsListStatement",
                             Json::array({"sqs:ListQueues", "sqs:ListQueueTags", "sns:ListTopics"}),
                             queues));
  statements.push_back(Allow("ManagedFileEventsTeardownStatement",
                             Json::array({"sns:Unsubscribe", "sns:DeleteTopic", "sqs:DeleteQueue"}),
                             queues));
  return Policy(statements);
}

Json DatabricksTrust(const Setup& setup) {
  const Json external = {{"sts:ExternalId", setup.databricks.external_id}};
  return Policy(
      {{{"Sid", "UnityCatalogAssumeRole"},
        {"Effect", "Allow"},
        {"Action", "sts:AssumeRole"},
        {"Condition", {{"StringEquals", external}}},
        {"Principal", {{"AWS", UnityCatalogRole(setup.partition)}}}},
       {{"Sid", "ExplicitSelfRoleAssumption"},
        {"Effect", "Allow"},
        {"Action", "sts:AssumeRole"},
        {"Condition",
         {{"ArnLike", {{"aws:PrincipalArn", setup.databricks.arn}}}, {"StringEquals", external}}},
        {"Principal", {{"AWS", setup.Arn(fmt::format("iam::{}:root", setup.account))}}}}});
}

Json PublicAccessBlock() {
  return {{"BlockPublicAcls", true},
          {"IgnorePublicAcls", true},
          {"BlockPublicPolicy", true},
          {"RestrictPublicBuckets", true}};
}

Json DefaultEncryption(const Setup& setup) {
  Json rule = {{"ApplyServerSideEncryptionByDefault", {{"SSEAlgorithm", "AES256"}}}};
  if (UsesKey(setup)) {
    rule = {{"ApplyServerSideEncryptionByDefault",
             {{"SSEAlgorithm", "aws:kms"},
              {"KMSMasterKeyID", setup.encryption.kms_key_id.value_or("")}}},
            {"BucketKeyEnabled", true}};
  }
  return {{"Rules", Json::array({rule})}};
}

Json Lifecycle(const Setup& setup) {
  return {{"Rules", Json::array({{{"ID", "sluice-stale-uploads"},
                                  {"Status", "Enabled"},
                                  {"Filter", {{"Prefix", PrefixOf(setup.destination)}}},
                                  {"AbortIncompleteMultipartUpload",
                                   {{"DaysAfterInitiation", kStaleUploadDays}}}}})}};
}

Json TransferIncludes(const Setup& setup) {
  const std::string prefix = PrefixOf(setup.destination);
  Json included = Json::array();
  for (const auto& key : setup.partner.readable) included.push_back(key.substr(prefix.size()));
  return {{"includePrefixes", std::move(included)}};
}

Json TransferExcludes(const Setup& setup) {
  const std::string prefix = PrefixOf(setup.destination);
  std::set<std::string> excluded{setup.ManagedFolder().LastPart() + "/", ledger::ProbeFolder()};
  const auto below = [&](const Location& place) -> std::optional<std::string> {
    const std::string key = PrefixOf(place);
    if (place.bucket != setup.destination.bucket || !key.starts_with(prefix)) return std::nullopt;
    return key.substr(prefix.size());
  };
  if (const auto state = below(setup.state)) excluded.insert(*state);
  const auto parent = setup.state.Parent();
  const auto beside = parent ? below(*parent) : std::nullopt;
  if (beside) {
    for (const auto& name : setup.names) {
      excluded.insert(*beside + ledger::LedgerFolder(name));
      excluded.insert(*beside + ledger::LedgerFolderOf(setup.state.LastPart(), name));
    }
  }
  return {{"excludePrefixes", Json(excluded)}};
}

}  // namespace sluice::onboard
