#include "sluice/delta/log/log_listing.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::delta {

Version LogListing::latest() const {
  Version latest;
  if (!commits.empty()) latest = commits.back().version;
  if (!checkpoints.empty()) latest = std::max(latest, checkpoints.back().version);
  return latest;
}

std::string CommitFile::Mark() const {
  if (ratified) return fmt::format("{} bytes, ratified", size);
  return fmt::format("{} bytes, {}, {}", size, modified.micros, etag);
}

}  // namespace sluice::delta
