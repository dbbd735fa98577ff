#pragma once

#include <string>

#include "sluice/config/config.h"
#include "sluice/ledger/ledger.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/state/export_state.h"
#include "sluice/store/object_store.h"

namespace sluice::exporter {

/// What the commit protocol works with: where one table's exports lie, and who works on them. The source comes
/// apart (SourceAccess), because most of the protocol does without. Borrows everything; cheap to copy.
struct CommitContext {
  const config::Table& table;
  ledger::Ledger& ledger;
  store::ObjectStore& ledger_store;
  store::ObjectStore& destination;
  state::ExportState& state;
  const ledger::Runner& runner;
  const runtime::Clock& clock;  ///< of windows and reports
  const runtime::Clock& wall;   ///< the machine's
  runtime::Entropy& entropy;
  const runtime::CancelToken& cancel;
  const std::string& program;
  int completions_at_once = 1;  ///< threads that make the files of one export visible

  const std::string& name() const { return table.name; }
  /// The txn application id of this table in the state table.
  std::string app_id() const { return "sluice/" + table.name; }
};

/// False for pattern C: its snapshots need no row in _export_state, as in the guide.
inline bool KeepsState(const config::Table& table) { return !table.is_snapshot(); }

/// The column of the state row that the table's pattern moves.
inline state::Progress ProgressOf(const config::Table& table) {
  return table.is_append() ? state::Progress::kEndTime : state::Progress::kVersion;
}

}  // namespace sluice::exporter
