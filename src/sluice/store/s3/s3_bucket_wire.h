#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/store/bucket_settings.h"

/// The documents in which S3 reports a bucket's settings, as functions of text (the shapes are those of
/// docs.aws.amazon.com/AmazonS3/latest/API). kCorrupt for what is not such a document.
namespace sluice::store {

Result<PublicAccessBlock> ParsePublicAccessBlock(std::string_view body);
Result<bool> ParsePolicyStatus(std::string_view body);
Result<DefaultEncryption> ParseDefaultEncryption(std::string_view body);
/// Rules that are disabled are left out.
Result<std::vector<LifecycleRule>> ParseLifecycle(std::string_view body);
Result<Versioning> ParseVersioning(std::string_view body);
Result<std::optional<ObjectLock>> ParseObjectLock(std::string_view body);

}  // namespace sluice::store
