#include "sluice/onboard/merge_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/onboard/policies.h"

namespace sluice::onboard {
namespace {

/// The same for policies that mean the same: keys in order, values of a list in order, one value without a list.
nlohmann::json Normal(const Json& value) {
  if (value.is_object()) {
    nlohmann::json normal = nlohmann::json::object();
    for (const auto& [key, member] : value.items()) normal[key] = Normal(member);
    return normal;
  }
  if (!value.is_array()) return nlohmann::json::parse(value.dump());
  if (value.size() == 1) return Normal(value.front());
  nlohmann::json normal = nlohmann::json::array();
  for (const auto& element : value) normal.push_back(Normal(element));
  std::sort(normal.begin(), normal.end());
  return normal;
}

Error NotAPolicy() {
  return Error{ErrorKind::kCorrupt, "the bucket's policy is not a JSON object with statements",
               "write the policy of the bucket again, or remove it"};
}

Result<Json> ReadPolicy(std::string_view existing) {
  if (existing.empty()) return Policy({});
  Json policy = Json::parse(existing, nullptr, false);
  if (!policy.is_object()) return Fail(NotAPolicy());
  Json& statements = policy["Statement"];
  if (statements.is_null()) statements = Json::array();
  if (statements.is_object()) statements = Json::array({statements});
  if (!statements.is_array()) return Fail(NotAPolicy());
  return policy;
}

Status RequireSamePrincipal(const Json& before, const Json& after) {
  const auto of = [](const Json& statement) {
    return statement.contains("Principal") ? Normal(statement["Principal"]) : nlohmann::json();
  };
  if (of(before) == of(after)) return {};
  return Fail(Error{
      ErrorKind::kConflict,
      fmt::format("the bucket's policy has a statement {} for {}, and this config means {}",
                  after["Sid"].dump(), of(before).dump(), of(after).dump()),
      "give that statement another Sid if its role still reads, or remove it from the policy"});
}

}  // namespace

Result<MergedPolicy> MergePolicy(std::string_view existing, const std::vector<Json>& ours) {
  MergedPolicy merged;
  SLUICE_ASSIGN_OR_RETURN(merged.policy, ReadPolicy(existing));
  Json& statements = merged.policy["Statement"];
  merged.others = statements.size();
  for (const auto& statement : ours) {
    const auto found = std::find_if(statements.begin(), statements.end(), [&](const Json& other) {
      return other.is_object() && other.contains("Sid") && other["Sid"] == statement["Sid"];
    });
    const std::string sid = statement["Sid"].get<std::string>();
    if (found == statements.end()) {
      merged.changes.push_back({sid, nullptr, statement});
      statements.push_back(statement);
      continue;
    }
    --merged.others;
    if (Normal(*found) == Normal(statement)) continue;
    SLUICE_RETURN_IF_ERROR(RequireSamePrincipal(*found, statement));
    merged.changes.push_back({sid, *found, statement});
    *found = statement;
  }
  const size_t length = merged.policy.dump().size();
  if (!merged.changes.empty() && length > kLongestBucketPolicy) {
    return Fail(Error{ErrorKind::kUnsupported,
                      fmt::format("the bucket's policy would have {} bytes, and S3 takes {}",
                                  length, kLongestBucketPolicy),
                      "remove statements that nobody needs, or name fewer tables"});
  }
  return merged;
}

}  // namespace sluice::onboard
