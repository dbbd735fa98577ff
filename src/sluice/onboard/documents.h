#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/onboard/setup.h"

namespace sluice::onboard {

enum class Kind { kJson, kAws, kTerraform, kSql, kText };
std::string_view Name(Kind);  ///< "json", "aws", "terraform", "sql", "text"

enum class Party { kPartner, kAws, kDatabricks };
std::string_view Name(Party);  ///< "partner", "aws", "databricks"

/// One thing to set up, in one form.
struct Document {
  std::string name;         ///< the same in all forms: "partner-policy"
  std::string purpose;      ///< what it is for: a sentence or two
  Party who = Party::kAws;  ///< who runs it
  Kind kind = Kind::kText;
  std::string text;
};

/// Everything that `setup` calls for, in the order in which it is done. For a local destination that is little, and
/// one document says so. kUnsupported where the bucket's policy would be longer than S3 takes.
Result<std::vector<Document>> MakeDocuments(const Setup& setup);

}  // namespace sluice::onboard
