#include "sluice/exporter/commit/outcome.h"

namespace sluice::exporter {

Published Summarize(const ledger::Decision& decision) {
  const ledger::Manifest& manifest = decision.manifest;
  Published published;
  published.n = decision.n;
  published.kind = manifest.kind;
  published.start = manifest.start;
  published.end = manifest.end;
  published.rows = manifest.rows;
  published.files = static_cast<int64_t>(manifest.files.size());
  for (const auto& file : manifest.files) published.bytes += file.size;
  published.row_groups_copied = decision.row_groups_copied;
  published.row_groups_spliced = decision.row_groups_spliced;
  published.row_groups_rewritten = decision.row_groups_rewritten;
  published.null_watermarks = manifest.null_watermarks;
  published.unreadable_watermarks = manifest.unreadable_watermarks;
  return published;
}

}  // namespace sluice::exporter
