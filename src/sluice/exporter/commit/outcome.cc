#include "sluice/exporter/commit/outcome.h"

namespace sluice::exporter {

Published PublishedBy(const ledger::Decision& decision) {
  const ledger::Manifest& manifest = decision.manifest;
  Published published;
  published.window = Summarize(decision);
  published.row_groups_copied = decision.row_groups_copied;
  published.row_groups_spliced = decision.row_groups_spliced;
  published.row_groups_rewritten = decision.row_groups_rewritten;
  published.null_watermarks = manifest.null_watermarks;
  published.unreadable_watermarks = manifest.unreadable_watermarks;
  return published;
}

}  // namespace sluice::exporter
