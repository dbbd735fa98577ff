#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/store/location.h"

/// What a bucket's policy must say for the partner's role, which reads exports and manifests and nothing
/// internal; and that nobody else does. Pure.
namespace sluice::onboard {

/// Keeps keys in the order in which they were written: policies read as AWS's pages show them.
using Json = nlohmann::ordered_json;

/// Who reads what of one bucket.
struct PartnerAccess {
  std::string role_arn;
  std::string bucket;
  std::string prefix;                 ///< of everything below: "" or ends in '/'
  std::vector<std::string> readable;  ///< folders ("out/events_incremental/") and whole keys
  std::vector<std::string>
      internal;                ///< folders that nobody but sluice reads; '*' stands for a part
  std::string partition = {};  ///< "aws", "aws-cn", ..; "" for that of the role
};

/// What the partner reads of the exports of `tables` and of nothing else. REQUIRES: a destination in a bucket.
PartnerAccess AccessOf(const std::string& role_arn, const store::Location& destination,
                       const store::Location& state,
                       const std::vector<const config::Table*>& tables);

/// A location as a prefix of keys: "" for a whole bucket, else ending in '/'.
std::string PrefixOf(const store::Location& location);
/// A folder of keys as a pattern of policies: all that lies in it. Whole keys stay as they are.
std::string KeyPattern(const std::string& key);

/// Of "arn:aws:iam::123456789012:role/x" field 1 is the partition, field 4 the account; "" where there is none.
std::string ArnField(std::string_view arn, int field);

/// The statements to add to the policy: allow to read what is readable and to list it, to look through the folders
/// above it one by one, and to ask for the region; deny what is internal.
std::vector<Json> PartnerStatements(const PartnerAccess& access);
/// The same without the principal, for a policy of a role.
std::vector<Json> PartnerRights(const PartnerAccess& access);
/// The same as text that can be pasted into a policy's list.
std::string PartnerStatementsText(const PartnerAccess& access);

/// What a policy does not do yet; all empty and false: nothing is missing.
struct PartnerGaps {
  std::vector<std::string> unreadable;  ///< of `readable`
  bool cannot_list = false;
  std::vector<std::string> not_denied;  ///< of `internal`
  bool any() const { return !unreadable.empty() || cannot_list || !not_denied.empty(); }
};

/// Whether a statement of the policy ("" is a bucket without one) allows everybody something, without a
/// condition: servers other than AWS's do not see that in all of them. kCorrupt for what is not a policy.
Result<bool> LetsEverybodyIn(std::string_view policy);

/// Judges the policy's JSON ("" is a bucket without one). Conditions are not evaluated: an allowance with
/// a condition counts, a denial with one does not. kCorrupt for what is not a policy.
Result<PartnerGaps> FindPartnerGaps(std::string_view policy, const PartnerAccess& access);

}  // namespace sluice::onboard
