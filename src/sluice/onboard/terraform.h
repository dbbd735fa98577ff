#pragma once

#include <string>

#include "sluice/onboard/partner_policy.h"
#include "sluice/onboard/setup.h"

/// The same as resources of the providers hashicorp/aws (5 or later) and databricks/databricks. Pure.
namespace sluice::onboard {

/// `text` as a string of HCL, in which nothing is a template.
std::string HclString(const std::string& text);

std::string BucketResources(const Setup& setup);
std::string BucketPolicyResource(const Setup& setup, const Json& policy);
/// REQUIRES: sse-kms.
std::string KeyGrantResource(const Setup& setup);
/// `label`: of the resources in this module.
std::string RoleResources(const std::string& label, const std::string& name, const Json& trust,
                          const Json& rights);
std::string UnityCatalogResources(const Setup& setup);

}  // namespace sluice::onboard
