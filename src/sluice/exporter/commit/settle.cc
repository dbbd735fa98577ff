#include "sluice/exporter/commit/settle.h"

#include <iterator>
#include <utility>

#include "sluice/delta/schema/schema.h"
#include "sluice/exporter/commit/finish.h"
#include "sluice/exporter/commit/rebuild.h"
#include "sluice/exporter/commit/snapshot_marker.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/commit/void_export.h"
#include "sluice/plan/column_choice.h"

namespace sluice::exporter {
namespace {

using ledger::Decision;

/// So often the files of one export may be lost before they are visible, within one run.
constexpr int kGenerations = 8;

/// All files are visible: manifest, then state.
Result<Outcome> PublishWhole(const CommitContext& context, const Decision& decision) {
  SLUICE_RETURN_IF_ERROR(PutMarkers(context.destination, context.name(), decision));
  SLUICE_ASSIGN_OR_RETURN(const auto put, PublishManifest(context, decision));
  Outcome outcome;
  if (put == store::PutOutcome::kCreated) {
    outcome.how = PublishedBy(decision);
  } else {
    outcome.how = PublishedByOther{};
  }
  outcome.then = LetStateFollow(context, decision);
  return outcome;
}

}  // namespace

Status RefuseExcludedColumns(const config::Table& table, const Decision& decision) {
  // Where a column was renamed since, the same choice named it otherwise.
  if (decision.position.column_choice == plan::DescribeColumnChoice(table)) return {};
  const auto schema = delta::ParseSchema(decision.manifest.schema.dump());
  if (!schema) return {};  // void exports and resets have no columns
  for (const auto& field : schema->fields) {
    if (!plan::StaysInSource(table, field.name)) continue;
    return Fail(Error{
        ErrorKind::kConflict,
        fmt::format("export {} was decided before column '{}' was {}, and holds it", decision.n,
                    field.name, table.exclude.empty() ? "left out of `columns`" : "excluded"),
        fmt::format("run `sluice state void {}` to void that export and export its window again",
                    table.name)});
  }
  return {};
}

Result<Outcome> Settle(const CommitContext& context, SourceAccess& access, Decision decision,
                       bool manifest_exists) {
  if (manifest_exists && !decision.is_void()) {
    return Outcome{PublishedByOther{}, {}, LetStateFollow(context, decision)};
  }
  std::vector<std::string> notes;
  const auto with_notes = [&](Outcome outcome) {
    outcome.notes.insert(outcome.notes.begin(), std::make_move_iterator(notes.begin()),
                         std::make_move_iterator(notes.end()));
    return outcome;
  };
  for (int generation = 0; generation < kGenerations; ++generation) {
    if (decision.is_void()) {
      // A void export moves nothing: the state stands where the export before it left it.
      SLUICE_RETURN_IF_ERROR(FinishVoid(context, std::move(decision), manifest_exists));
      return with_notes({Voided{}, {}, {}});
    }
    SLUICE_RETURN_IF_ERROR(RefuseExcludedColumns(context.table, decision));
    SLUICE_RETURN_IF_ERROR(ClearSuperseded(context, decision.n, decision.superseded));
    SLUICE_ASSIGN_OR_RETURN(const auto absent, CompleteFiles(context, decision));
    if (absent.empty()) {
      SLUICE_ASSIGN_OR_RETURN(Outcome whole, PublishWhole(context, decision));
      return with_notes(std::move(whole));
    }
    SLUICE_ASSIGN_OR_RETURN(auto rebuilt, Rebuild(context, access, decision, absent));
    if (const auto* given_up = std::get_if<VoidReason>(&rebuilt)) {
      SLUICE_ASSIGN_OR_RETURN(Outcome voided, VoidDecided(context, decision, *given_up));
      return with_notes(std::move(voided));
    }
    auto& again = std::get<NextGeneration>(rebuilt);
    if (!again.note.empty()) notes.push_back(std::move(again.note));
    decision = std::move(again.decision);
  }
  return Fail(Error{ErrorKind::kTransient,
                    fmt::format("the files of export {} were lost {} times in a row before they "
                                "became visible",
                                decision.n, kGenerations),
                    "check the bucket's lifecycle rules for uploads, then run again"});
}

}  // namespace sluice::exporter
