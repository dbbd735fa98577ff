#include "sluice/exporter/source/source_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sluice/delta/schema/schema.h"

namespace sluice::exporter {

Result<std::vector<std::string>> CheckSchemaChange(const config::Table& table,
                                                   const plan::SourceFacts& facts) {
  const config::SchemaChange policy = table.on_schema_change;
  const ledger::Position& position = facts.position;
  if (policy == config::SchemaChange::kIgnore || position.exported_schema.empty() ||
      position.column_choice != facts.column_choice ||
      position.exported_schema == facts.exported_schema) {
    return std::vector<std::string>{};
  }
  SLUICE_ASSIGN_OR_RETURN(const auto before, delta::ParseSchema(position.exported_schema));
  SLUICE_ASSIGN_OR_RETURN(const auto after, delta::ParseSchema(facts.exported_schema));
  const auto changes = delta::DescribeSchemaChange(before, after);
  if (changes.empty()) return std::vector<std::string>{};
  const std::string what = fmt::format("the source's schema changed since the last export: {}",
                                       fmt::join(changes, "; "));
  if (policy == config::SchemaChange::kFail) {
    return Fail(
        Error{ErrorKind::kConflict, what,
              "name the columns to share under `columns`, or add to `exclude` what must not "
              "leave; to accept the change run once with on_schema_change: notify"});
  }
  return std::vector<std::string>{what};
}

}  // namespace sluice::exporter
