#pragma once

#include <string>

#include "sluice/onboard/setup.h"

/// SQL of Databricks. Pure.
namespace sluice::onboard {

/// External location, schema and the state table; what SQL cannot do stands in comments. REQUIRES: a destination in
/// a bucket.
std::string UnityCatalogSql(const Setup& setup);
/// Turns the change data feed on for the tables that need it, and says why it does not for the others; "" without a
/// cdc table.
std::string ChangeFeedSql(const Setup& setup);

}  // namespace sluice::onboard
