#include "sluice/delta/log/table_state.h"

#include <fmt/format.h>

#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/table_feature.h"

namespace sluice::delta {

Status TableState::RequireReadable(Version version, std::string_view table) const {
  return CheckReadable(protocol, metadata, fmt::format("{}, version {}", table, version.value),
                       authority);
}

Status TableState::Take(const Commit& commit, std::string_view table) {
  if (commit.protocol) protocol = *commit.protocol;
  if (commit.metadata) metadata = *commit.metadata;
  SLUICE_RETURN_IF_ERROR(RequireReadable(commit.version, table));
  if (!commit.metadata) return {};
  auto resolved = ResolveSchema(metadata);
  if (resolved) return {};
  return Fail(std::move(resolved).error().Within(
      fmt::format("{}, version {}", table, commit.version.value)));
}

}  // namespace sluice::delta
