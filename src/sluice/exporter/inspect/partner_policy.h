#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

/// What a bucket's policy must say for the partner's role, which reads exports and manifests and nothing
/// internal; and that nobody else does. Pure.
namespace sluice::exporter {

/// Who reads what of one bucket.
struct PartnerAccess {
  std::string role_arn;
  std::string bucket;
  std::string prefix;                 ///< of everything below: "" or ends in '/'
  std::vector<std::string> readable;  ///< folders ("out/events_incremental/") and whole keys
  std::vector<std::string>
      internal;  ///< folders that nobody but sluice reads; '*' stands for a part
};

/// The statements to add to the policy, as JSON that can be pasted into its list: allow to read and to
/// list, deny what is internal.
std::string PartnerStatements(const PartnerAccess& access);

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

}  // namespace sluice::exporter
