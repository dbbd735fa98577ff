#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/onboard/partner_policy.h"

/// Puts our statements into a policy that others wrote, too. Pure.
namespace sluice::onboard {

/// What happens to one of our statements.
struct StatementChange {
  std::string sid;
  Json before;  ///< null for one that is new
  Json after;
};

struct MergedPolicy {
  Json policy;
  std::vector<StatementChange> changes;  ///< empty: the policy stays as it is
  size_t others = 0;                     ///< statements of others, which stay
};

/// `existing`: the policy's JSON, "" for a bucket without one. A statement of ours is found by its Sid and updated where
/// it stands; the order of values in a list, and a list of one value, make no difference.
///
/// kCorrupt for what is not a policy; kConflict where a statement with a Sid of ours is about another principal, so that
/// updating it would take something from somebody; kUnsupported where the outcome is longer than S3 takes.
Result<MergedPolicy> MergePolicy(std::string_view existing, const std::vector<Json>& ours);

}  // namespace sluice::onboard
