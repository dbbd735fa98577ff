#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/exporter/session/services.h"
#include "sluice/ledger/records.h"

/// A short look at a source and at what is published of it, for what others are told: no data file is opened.
namespace sluice::exporter {

struct Glance {
  std::vector<delta::Field>
      columns;               ///< that an export of today holds; without those of a change feed
  bool change_feed = false;  ///< whether it is on
  bool row_tracking = false;
};

/// Errors of reading the source's log, and kConfig where `columns` and `exclude` do not fit it.
Result<Glance> GlanceAtSource(const Services& services, const config::Table& table);

struct Published {
  int64_t exports = 0;  ///< the newest number; 0: none
  /// The newest manifest that shows how files of the table's pattern look; for cdc that of a seed where no change
  /// was exported yet.
  std::optional<ledger::Manifest> newest;
  std::vector<std::string> samples;  ///< newest files that lie there, below the destination
};

/// Reads manifests alone, and few of them. Errors of the destination.
Result<Published> LookAtPublished(const Services& services, const config::Table& table);

}  // namespace sluice::exporter
