#include "sluice/store/s3/s3_bucket_wire.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <pugixml.hpp>

#include "sluice/store/s3/s3_xml.h"

namespace sluice::store {
namespace {

std::string Text(const pugi::xml_node& node) { return node.text().get(); }

/// Servers write true, TRUE and True.
bool IsTrue(const pugi::xml_node& node) {
  std::string text = Text(node);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text == "true";
}

/// A number of days or years; S3 takes 100 years at most.
std::optional<int> Count(const pugi::xml_node& node) {
  constexpr int kMost = 1'000'000;
  if (!node || node.text().empty()) return std::nullopt;
  return std::clamp(node.text().as_int(), 0, kMost);
}

/// Classes that can't be read before they are restored.
bool IsArchive(std::string_view storage_class) {
  static constexpr std::array<std::string_view, 2> kArchives{"GLACIER", "DEEP_ARCHIVE"};
  return std::find(kArchives.begin(), kArchives.end(), storage_class) != kArchives.end();
}

LifecycleRule ParseRule(const pugi::xml_node& node) {
  LifecycleRule rule;
  rule.id = Text(node.child("ID"));
  const pugi::xml_node filter = node.child("Filter");
  const pugi::xml_node both = filter.child("And");
  for (const auto& from : {node, filter, both}) {
    if (const auto prefix = from.child("Prefix")) rule.prefix = Text(prefix);
    rule.asks_for_tags = rule.asks_for_tags || from.child("Tag");
  }
  const pugi::xml_node expiration = node.child("Expiration");
  rule.expires_after_days = Count(expiration.child("Days"));
  rule.expires = rule.expires_after_days.has_value() || expiration.child("Date");
  rule.aborts_uploads_after_days =
      Count(node.child("AbortIncompleteMultipartUpload").child("DaysAfterInitiation"));
  rule.drops_old_versions_after_days =
      Count(node.child("NoncurrentVersionExpiration").child("NoncurrentDays"));
  for (const auto& transition : node.children("Transition")) {
    std::string storage_class = Text(transition.child("StorageClass"));
    if (IsArchive(storage_class)) rule.archive_class = std::move(storage_class);
  }
  return rule;
}

}  // namespace

Result<PublicAccessBlock> ParsePublicAccessBlock(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root,
                          ParseRoot(document, body, "PublicAccessBlockConfiguration"));
  return PublicAccessBlock{
      IsTrue(root.child("BlockPublicAcls")), IsTrue(root.child("IgnorePublicAcls")),
      IsTrue(root.child("BlockPublicPolicy")), IsTrue(root.child("RestrictPublicBuckets"))};
}

Result<bool> ParsePolicyStatus(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root, ParseRoot(document, body, "PolicyStatus"));
  return IsTrue(root.child("IsPublic"));
}

Result<DefaultEncryption> ParseDefaultEncryption(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root,
                          ParseRoot(document, body, "ServerSideEncryptionConfiguration"));
  const auto rule = root.child("Rule").child("ApplyServerSideEncryptionByDefault");
  DefaultEncryption encryption;
  const std::string algorithm = Text(rule.child("SSEAlgorithm"));
  if (algorithm == "AES256") encryption.type = ServerEncryption::Type::kSseS3;
  if (algorithm.starts_with("aws:kms")) encryption.type = ServerEncryption::Type::kSseKms;
  std::string key = Text(rule.child("KMSMasterKeyID"));
  if (!key.empty()) encryption.kms_key_id = std::move(key);
  return encryption;
}

Result<std::vector<LifecycleRule>> ParseLifecycle(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root, ParseRoot(document, body, "LifecycleConfiguration"));
  std::vector<LifecycleRule> rules;
  for (const auto& node : root.children("Rule")) {
    if (Text(node.child("Status")) == "Enabled") rules.push_back(ParseRule(node));
  }
  return rules;
}

Result<Versioning> ParseVersioning(std::string_view body) {
  pugi::xml_document document;
  // Not every server knows the document's name.
  if (!document.load_buffer(body.data(), body.size())) {
    return Fail(ErrorKind::kUnsupported, "the answer about versions is not XML");
  }
  const auto root = document.document_element();
  const std::string status = Text(root.child("Status"));
  return status == "Enabled"     ? Versioning::kOn
         : status == "Suspended" ? Versioning::kSuspended
                                 : Versioning::kOff;
}

Result<std::optional<ObjectLock>> ParseObjectLock(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root, ParseRoot(document, body, "ObjectLockConfiguration"));
  if (Text(root.child("ObjectLockEnabled")) != "Enabled") return std::nullopt;
  constexpr int kDaysInYear = 365;
  const auto retention = root.child("Rule").child("DefaultRetention");
  return ObjectLock{Text(retention.child("Mode")),
                    Count(retention.child("Days"))
                        .value_or(Count(retention.child("Years")).value_or(0) * kDaysInYear)};
}

}  // namespace sluice::store
