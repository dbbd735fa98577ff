#pragma once

#include <string>

#include "sluice/cli/output.h"
#include "sluice/verify/verify_table.h"

/// How `verify` looks. Pure.
namespace sluice::cli {

Json ToJson(const verify::VerifyReport& report);

/// One line for a proven table, and a line for each export that has something to say; `all`: for every one.
std::string DescribeVerify(const verify::VerifyReport& report, bool all);

}  // namespace sluice::cli
