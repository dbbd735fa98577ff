#pragma once

#include <vector>

#include "sluice/exporter/session/commit_context.h"

/// The steps by which a decided export becomes visible, or void (docs/commit-protocol.md, steps 5 and 6).
/// `settle` puts them in order. Anyone may do each, any number of times, concurrently.
namespace sluice::exporter {

/// Makes every listed file visible. Returns the keys that cannot be: neither pending nor there.
Result<std::vector<store::Key>> CompleteFiles(const CommitContext& context,
                                              const ledger::Decision& decision);

/// Removes what an earlier generation, or a voided export, left: `keys`, all of export n. The abort comes
/// first: after it nobody can complete that upload any more, so the deletion is final.
Status ClearSuperseded(const CommitContext& context, int64_t n,
                       const std::vector<store::Key>& keys);

/// Publishes the decision's manifest. kConflict if another runner voided (or published) the export.
Result<store::PutOutcome> PublishManifest(const CommitContext& context,
                                          const ledger::Decision& decision);

/// Finishes an export whose decision is void: closes it for rebuilt files, clears what it left, publishes.
Status FinishVoid(const CommitContext& context, ledger::Decision decision, bool manifest_exists);

/// Voids an export that was decided otherwise, by its manifest first; kConflict if it was published.
Status VoidByManifest(const CommitContext& context, ledger::Decision voided);

/// Aborts what attempts at export n that were killed left pending, once n is published: an upload that its
/// decision does not list can never be completed. Best effort: what stays is left to `prune`.
void AbortAttemptsThatLost(const CommitContext& context, int64_t n);

/// Aborts the uploads of `files` (of a decision, or of a transfer's result) that lost to another runner's,
/// best effort.
template <typename Files>
void AbortUploads(store::ObjectStore& destination, const Files& files) {
  std::vector<store::PendingUploadInfo> uploads;
  for (const auto& file : files) uploads.push_back({file.upload.key, file.upload.upload_id, {}});
  store::TryAbort(destination, uploads);
}

}  // namespace sluice::exporter
