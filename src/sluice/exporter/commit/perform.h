#pragma once

#include <vector>

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/session.h"
#include "sluice/plan/export_task.h"
#include "sluice/plan/planned_export.h"

namespace sluice::exporter {

enum class Performed {
  kDone,  ///< decided by us, settled
  kLost,  ///< another runner began or decided this number, or it came to nothing: Load again
};

/// One number of work.
struct Performance {
  int64_t n = 0;
  plan::PlannedExport planned;
  plan::ExportTask task;  ///< n and attempt are filled in here
  bool adopted = false;   ///< its intent exists already
  /// Adopted only: no other writer moved the state row since the number was begun.
  bool row_still_stands = true;
  /// Known already from another piece at the same source version.
  std::optional<int64_t> null_watermarks;
};

/// Steps 2 to 7 of docs/commit-protocol.md for one number: intent, transfer, decision, completion,
/// manifest, state. A failure before the decision leaves nothing visible and releases the number; after
/// an unknown outcome nothing is cleaned up: the next run reads what happened.
Result<Performed> Perform(Session& session, Performance performance, transfer::Progress& progress,
                          RunReport& report);

/// Aborts the uploads of `files` (of a decision, or of a transfer's result) that lost to another runner's, best
/// effort.
template <typename Files>
void AbortUploads(Session& session, const Files& files) {
  std::vector<store::PendingUploadInfo> uploads;
  for (const auto& file : files) uploads.push_back({file.upload.key, file.upload.upload_id, {}});
  store::TryAbort(*session.destination, uploads);
}

/// The decision that `result` asks for.
ledger::Decision MakeDecision(const Session& session, const Performance& performance,
                              const transfer::TransferResult& result);

/// `n.intent.json` for this planned export.
ledger::Intent MakeIntent(const Session& session, int64_t n, const plan::PlannedExport& planned);

}  // namespace sluice::exporter
