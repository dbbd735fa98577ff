#pragma once

#include <optional>
#include <string>

#include "sluice/exporter/session/commit_context.h"
#include "sluice/plan/export_task.h"
#include "sluice/plan/planned_export.h"
#include "sluice/transfer/transfer_result.h"

namespace sluice::exporter {

/// The work of one export.
struct Job {
  int64_t n = 0;
  std::string attempt;  ///< 16 hex digits
  plan::PlannedExport planned;
  /// nullopt for resets, which move no rows.
  std::optional<plan::ExportTask> task;
  bool adopted = false;  ///< its intent exists already
  /// Adopted only: no other writer moved the state row since the export was begun.
  bool row_still_stands = true;
  /// Known already from another piece at the same source version.
  std::optional<int64_t> null_watermarks, unreadable_watermarks;
};

/// Gives the job an attempt of its own: the names of its files hold it, and are never used twice.
void BeginAttempt(Job& job, runtime::Entropy& entropy);

/// The decision that `result` asks for.
ledger::Decision MakeDecision(const CommitContext& context, const Job& job,
                              const transfer::TransferResult& result);

/// What a manifest says of files that hold these columns.
nlohmann::json SchemaOfFiles(const std::vector<delta::Field>& columns);

/// `n.intent.json` for this planned export.
ledger::Intent MakeIntent(const CommitContext& context, int64_t n,
                          const plan::PlannedExport& planned);

}  // namespace sluice::exporter
