#pragma once

#include <optional>
#include <string>

#include "sluice/exporter/inspect/findings.h"
#include "sluice/onboard/partner_policy.h"
#include "sluice/store/bucket_settings.h"

namespace sluice::exporter {

/// What lies in a bucket, and how it is to lie there.
struct BucketUse {
  std::string prefix;                             ///< of all our objects: "" or ends in '/'
  store::ServerEncryption encryption;             ///< what writes ask for
  std::optional<std::string> region;              ///< as configured
  std::optional<onboard::PartnerAccess> partner;  ///< where a role is configured
};

/// Adds what the settings mean for exports: region, public access, encryption, lifecycle rules,
/// versioning and locks, the partner's statement. What may not be asked, or what the server does not
/// know, becomes one note. False where the bucket can't be reached at all; the rest is not asked then.
bool CheckBucket(const store::BucketSettings& settings, const BucketUse& use, Findings& findings);

}  // namespace sluice::exporter
