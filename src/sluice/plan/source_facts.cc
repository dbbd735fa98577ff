#include "sluice/plan/source_facts.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::plan {

bool RowStillStands(const SourceFacts& facts, const ledger::Intent& intent) {
  using ledger::ExportKind;
  const bool no_row = std::holds_alternative<std::monostate>(facts.row);
  if (intent.kind == ExportKind::kSeed) return no_row;
  if (intent.kind != ExportKind::kWindow) return true;
  if (std::holds_alternative<std::monostate>(intent.start)) return false;
  const bool first = std::holds_alternative<std::monostate>(facts.position.end);
  return (first && no_row) || facts.row == intent.start;
}

Status CheckHistory(const SourceFacts& facts, const std::string& remedy) {
  const std::string& known = facts.position.catalog_id;
  if (!known.empty() && !facts.catalog_id.empty() && known != facts.catalog_id) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("the catalog has another table under this name, with the id {}, "
                                  "than the one that was exported, "
                                  "with the id {}: it was dropped and made again",
                                  facts.catalog_id, known),
                      "start again with " + remedy});
  }
  const std::string& then = facts.position.scanned_commit;
  if (then.empty() || facts.scanned_commit.empty() || then == facts.scanned_commit) return {};
  return Fail(Error{ErrorKind::kConflict,
                    fmt::format("the source's log was recreated: its version {} is another commit "
                                "than the one that was exported",
                                facts.position.scanned_through.value_or(Version{0}).value),
                    "start again with " + remedy});
}

Status CheckSource(const SourceFacts& facts, std::optional<Version> exported,
                   const std::string& remedy) {
  SLUICE_RETURN_IF_ERROR(CheckHistory(facts, remedy));
  if (!exported || facts.source_version >= *exported) return {};
  return Fail(Error{
      ErrorKind::kConflict,
      fmt::format("the source is at version {}, older than version {} that was exported before",
                  facts.source_version.value, exported->value),
      fmt::format("if the source was replaced or restored, start again with {}; with --at-version, "
                  "name a later version",
                  remedy)});
}

Error RowConflict(const std::string& stands, const std::string& exported,
                  const std::string& value) {
  return Error{
      ErrorKind::kConflict,
      fmt::format("the row in _export_state {}, but exports up to {} lie at the destination",
                  stands, exported),
      fmt::format("to go on after them run `sluice state set NAME {}`; to start again run "
                  "`sluice state forget NAME`",
                  value)};
}

void MarkScanned(ledger::Position& position, const SourceFacts& facts) {
  position.scanned_through = facts.source_version;
  position.scanned_commit = facts.source_commit;
  position.table_id = facts.table_id;
  if (!facts.catalog_id.empty()) position.catalog_id = facts.catalog_id;
}

ledger::Position PositionAfter(const ledger::Position& before, const SourceFacts& facts,
                               ledger::Bound start, ledger::Bound end) {
  ledger::Position after = before;
  if (std::holds_alternative<std::monostate>(after.first_start)) after.first_start = start;
  after.end = end;
  MarkScanned(after, facts);
  after.exported_schema = facts.exported_schema;
  after.column_choice = facts.column_choice;
  return after;
}

}  // namespace sluice::plan
