#pragma once

#include <string>

#include "sluice/aws/credentials.h"
#include "sluice/base/result.h"
#include "sluice/catalog/catalog.h"
#include "sluice/catalog/json_answer.h"

/// Credentials as a catalog issues them, checked: they must be of AWS and cover what they were asked for. Messages name
/// no secret.
namespace sluice::catalog {

/// Of the older API, for a table or a path at `location` (table_location). kUnsupported for those of another cloud,
/// kPermission for a scope that does not cover `location`, kCorrupt for none.
Result<aws::Credentials> ReadIssuedCredentials(const Json& answer, const std::string& location);

/// Of the newer API: those with the longest prefix that covers `location` and that allow `access`. Otherwise the same.
Result<aws::Credentials> ReadStorageCredentials(const Json& answer, const std::string& location,
                                                PathAccess access = PathAccess::kRead);

}  // namespace sluice::catalog
