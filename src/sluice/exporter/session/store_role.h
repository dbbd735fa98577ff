#pragma once

namespace sluice::exporter {

/// What a location is to an export: each may be reached with other credentials and options.
enum class StoreRole { kSource, kDestination, kState };

}  // namespace sluice::exporter
