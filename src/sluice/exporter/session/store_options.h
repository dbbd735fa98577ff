#pragma once

#include "sluice/config/config.h"
#include "sluice/exporter/session/store_role.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/store/s3/s3_options.h"
#include "sluice/stores/store_registry.h"

namespace sluice::exporter {

/// How the config says that the store of `role` is reached. State is reached and encrypted as the destination is;
/// a source without a section of its own is reached as the destination is. Relative paths of CA
/// bundles are taken from the folder of the config.
store::S3Options StoreOptionsFor(const config::Config& config, StoreRole role,
                                 const runtime::CancelToken& cancel);

/// Whether requests to it are signed with what the catalog gives for the place (`auth: {catalog: true}`).
bool TakesFromCatalog(const config::Config& config, StoreRole role);

/// What all stores of a process may use together.
stores::StoreRegistry::Limits RegistryLimitsFor(const config::Limits& limits);

}  // namespace sluice::exporter
