#pragma once

#include <string>
#include <vector>

#include "sluice/onboard/partner_policy.h"
#include "sluice/onboard/setup.h"

/// The policies and settings as JSON. Pure. All but the filters REQUIRE a destination in a bucket.
namespace sluice::onboard {

/// S3 takes no longer policy of a bucket, in bytes without blanks.
inline constexpr size_t kLongestBucketPolicy = size_t{20} * 1024;
/// Uploads that were begun longer ago are dropped: no run takes that long.
inline constexpr int kStaleUploadDays = 14;

Json Policy(const std::vector<Json>& statements);

/// The policy of section 4 of the guide: the partner reads the whole bucket.
Json GuidePolicy(const Setup& setup);
/// The partner reads exports and manifests, and nothing internal.
Json PartnerPolicy(const Setup& setup);
/// Nobody writes over an intent or a decision: the writes that exports rest on must be conditional.
std::vector<Json> GuardStatements(const Setup& setup);
/// The statements of PartnerPolicy and the guard, and as the policy of a bucket of its own.
std::vector<Json> BucketStatements(const Setup& setup);
Json BucketPolicy(const Setup& setup);

/// For the policy of the key. REQUIRES: sse-kms.
Json PartnerKeyStatement(const Setup& setup);

/// What docs/aws.md lists: read, write, remove, ask, and the key.
Json ExporterPolicy(const Setup& setup);
/// PartnerRights and the key: for a role of ours that the partner assumes with the external id.
Json PartnerRolePolicy(const Setup& setup);
/// Reading the sources alone.
Json SourceReaderPolicy(const Setup& setup);
/// `principal` may assume the role, with the external id where there is one.
Json TrustPolicy(const std::string& principal, const std::string& external_id);

/// The role of a storage credential, as the data sources aws_unity_catalog_policy and
/// aws_unity_catalog_assume_role_policy of Databricks' Terraform provider give it.
Json DatabricksPolicy(const Setup& setup);
Json DatabricksTrust(const Setup& setup);

/// The configuration of a bucket, in the words of S3's API.
Json PublicAccessBlock();
Json DefaultEncryption(const Setup& setup);
Json Lifecycle(const Setup& setup);

/// objectConditions of Google's Storage Transfer Service for a job whose source is the destination's folder: either
/// what the partner reads, or all but what is internal. Prefixes are relative to that folder.
Json TransferIncludes(const Setup& setup);
Json TransferExcludes(const Setup& setup);

}  // namespace sluice::onboard
