#pragma once

#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/ledger/ledger.h"

namespace sluice::exporter {

/// A key of the config that says where a row goes, and that an earlier export was made under another value
/// of.
struct LayoutChange {
  std::string message, remedy;
};

/// The keys by which exports to come will not go with what lies at the destination: `timezone`, `partition`,
/// `watermark`. Seen from the newest number's intent, so it is reported until the first export under the new
/// value. Pure.
std::vector<LayoutChange> FindLayoutChanges(const ledger::LedgerView& view,
                                            const config::Table& table);

}  // namespace sluice::exporter
