#include "sluice/exporter/carry_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sluice/exporter/commit/job.h"
#include "sluice/plan/carry_over.h"

namespace sluice::exporter {
namespace {

/// Why files of `old` cannot stay beside those that are written today; "" if they can.
Result<std::string> FindDifference(const Session& session, const nlohmann::json& schema,
                                   const ledger::Manifest& old) {
  const auto intent = session.ledger->ReadIntent(old.n);
  if (!intent && intent.error().kind != ErrorKind::kNotFound) return Fail(intent.error());
  if (!intent) return std::string("nothing says with which settings it was made");
  if (intent->shape_digest != ledger::DigestOf(plan::ShapeOf(*session.table))) {
    return std::string("it was made with other settings");
  }
  if (old.schema != schema) return std::string("its files have other columns");
  return std::string();
}

const ledger::Decision* FindDecision(const std::vector<ledger::Decision>& decisions, int64_t n) {
  const auto found = std::find_if(decisions.begin(), decisions.end(),
                                  [&](const auto& decision) { return decision.n == n; });
  return found == decisions.end() ? nullptr : &*found;
}

}  // namespace

Result<std::vector<std::string>> CarryFilesOver(Session& session, RangeSource& source,
                                                const std::vector<ledger::Decision>& decisions,
                                                const plan::Replacement& replacement,
                                                plan::Range asked,
                                                std::vector<plan::PlannedExport>& pieces) {
  std::vector<std::string> notes;
  if (!session.table->is_append() || replacement.range == asked) return notes;
  for (auto& piece : pieces) {
    const auto& replaces = std::get<plan::PlannedRows>(piece.what).replaces;
    if (replaces.empty()) continue;
    SLUICE_ASSIGN_OR_RETURN(const auto task, source.MakeTask(piece));
    const nlohmann::json schema = SchemaOfFiles(task.output_fields);
    std::vector<plan::OldExport> old;
    std::string difference;
    for (const auto& [n, rows] : replacement.exports) {
      if (std::find(replaces.begin(), replaces.end(), n) == replaces.end()) continue;
      const ledger::Decision* decision = FindDecision(decisions, n);
      if (decision == nullptr) continue;
      SLUICE_ASSIGN_OR_RETURN(difference, FindDifference(session, schema, decision->manifest));
      if (!difference.empty()) {
        notes.push_back(
            fmt::format("export {} is exported again whole, because {}", n, difference));
        break;
      }
      old.push_back({rows, decision->manifest});
    }
    if (difference.empty()) plan::CarryOver(piece, old, asked, session.table->timezone);
  }
  return notes;
}

}  // namespace sluice::exporter
