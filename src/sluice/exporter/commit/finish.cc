#include "sluice/exporter/commit/finish.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "sluice/exporter/commit/snapshot_marker.h"
#include "sluice/plan/output_layout.h"
#include "sluice/runtime/executor.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

using ledger::Decision;

/// Every pending upload of this table's data.
Status VisitUploads(const CommitContext& context,
                    const std::function<void(const store::PendingUploadInfo&)>& visit) {
  for (const auto& folder : plan::DataFolders(context.table.pattern(), context.name())) {
    SLUICE_RETURN_IF_ERROR(
        context.destination.ListUploads(folder, [&](const store::PendingUploadInfo& upload) {
          visit(upload);
          return true;
        }));
  }
  return {};
}

/// Records the void as the next generation of a decision that its manifest overrules, so that no runner
/// which still holds the old one can add a generation of rebuilt files after it. What such a runner added
/// first is superseded, too.
Status CloseDecision(const CommitContext& context, Decision& voided) {
  while (true) {
    ++voided.generation;
    SLUICE_ASSIGN_OR_RETURN(const auto put, context.ledger.PutDecision(voided));
    if (put == store::PutOutcome::kCreated) return {};
    SLUICE_ASSIGN_OR_RETURN(const auto standing, context.ledger.ReadDecision(voided.n));
    if (!standing || !standing->overruled) return {};
    voided.generation = standing->generation;
    voided.superseded.insert(voided.superseded.end(), standing->superseded.begin(),
                             standing->superseded.end());
  }
}

/// What attempts at export n left pending; what can't be listed is left to `prune`.
std::vector<store::PendingUploadInfo> UploadsOf(const CommitContext& context, int64_t n) {
  std::vector<store::PendingUploadInfo> uploads;
  const auto listed = VisitUploads(context, [&](const store::PendingUploadInfo& upload) {
    const auto name = plan::ParseDataFileName(upload.key.substr(upload.key.rfind('/') + 1));
    if (name && name->n == n) uploads.push_back(upload);
  });
  if (!listed) spdlog::debug("listing uploads: {}", listed.error().message);
  return uploads;
}

/// Aborts whatever attempts at a void export left pending; best effort, `prune` does it thoroughly.
void AbortAttempts(const CommitContext& context, int64_t n) {
  store::TryAbort(context.destination, UploadsOf(context, n));
}

/// Publishes the manifest; kConflict if another one stands there.
Result<store::PutOutcome> Publish(const CommitContext& context, const Decision& decision) {
  SLUICE_ASSIGN_OR_RETURN(const auto put, context.ledger.PutManifest(decision.manifest));
  if (put == store::PutOutcome::kCreated) return put;
  SLUICE_ASSIGN_OR_RETURN(const auto standing, context.ledger.ReadDecision(decision.n));
  if (standing && standing->is_void() != decision.is_void()) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("export {} was {} by another runner meanwhile", decision.n,
                                  decision.is_void() ? "published" : "voided"),
                      "run again"});
  }
  return put;
}

}  // namespace

Result<std::vector<store::Key>> CompleteFiles(const CommitContext& context,
                                              const Decision& decision) {
  std::mutex mutex;
  std::vector<store::Key> absent;
  store::ObjectStore& destination = context.destination;
  const auto complete = [&](size_t i) -> Status {
    const store::PendingUpload& upload = decision.files[i].upload;
    SLUICE_ASSIGN_OR_RETURN(const auto outcome, destination.CompleteUpload(upload));
    if (outcome == store::CompleteOutcome::kCompleted) return {};
    SLUICE_ASSIGN_OR_RETURN(const bool holds, store::HoldsUpload(destination, upload));
    if (holds) return {};
    const std::lock_guard lock(mutex);
    absent.push_back(upload.key);
    return {};
  };
  // Not cancelled halfway: a signal waits until the window is whole.
  SLUICE_RETURN_IF_ERROR(
      runtime::ParallelFor(decision.files.size(),
                           std::min<int>(context.completions_at_once,
                                         std::max<int>(1, static_cast<int>(decision.files.size()))),
                           runtime::CancelToken(), complete));
  return absent;
}

Status ClearSuperseded(const CommitContext& context, int64_t n,
                       const std::vector<store::Key>& keys) {
  if (keys.empty()) return {};
  const std::set<store::Key> doomed(keys.begin(), keys.end());
  std::vector<store::PendingUploadInfo> uploads;
  SLUICE_RETURN_IF_ERROR(VisitUploads(context, [&](const store::PendingUploadInfo& upload) {
    if (doomed.contains(upload.key)) uploads.push_back(upload);
  }));
  for (const auto& upload : uploads) {
    SLUICE_RETURN_IF_ERROR(context.destination.AbortUpload(upload.key, upload.upload_id));
  }
  // No later export uses the folder that these lie in.
  SLUICE_RETURN_IF_ERROR(RemoveMarkers(context.destination, context.name(), keys));
  for (const auto& key : doomed) {
    const auto name = plan::ParseDataFileName(key.substr(key.rfind('/') + 1));
    if (!name || name->n != n) {
      return Fail(ErrorKind::kInternal, "export {} asked to delete {}, which is not its own", n,
                  key);
    }
    SLUICE_RETURN_IF_ERROR(context.destination.Delete(key));
  }
  return {};
}

Result<store::PutOutcome> PublishManifest(const CommitContext& context, const Decision& decision) {
  auto published = Publish(context, decision);
  if (!published || *published == store::PutOutcome::kAlreadyExists) {
    SLUICE_RETURN_IF_ERROR(
        RemoveMarkersIfGone(context.ledger, context.destination, context.name(), decision));
  }
  return published;
}

Status FinishVoid(const CommitContext& context, Decision decision, bool manifest_exists) {
  if (decision.overruled) SLUICE_RETURN_IF_ERROR(CloseDecision(context, decision));
  SLUICE_RETURN_IF_ERROR(ClearSuperseded(context, decision.n, decision.superseded));
  AbortAttempts(context, decision.n);
  if (manifest_exists) return {};
  SLUICE_RETURN_IF_ERROR(PublishManifest(context, decision));
  return {};
}

Status VoidByManifest(const CommitContext& context, Decision voided) {
  // The manifest decides, because a reader may already follow it; only then may bytes go.
  SLUICE_RETURN_IF_ERROR(Publish(context, voided));
  SLUICE_RETURN_IF_ERROR(CloseDecision(context, voided));
  SLUICE_RETURN_IF_ERROR(ClearSuperseded(context, voided.n, voided.superseded));
  AbortAttempts(context, voided.n);
  return {};
}

void AbortAttemptsThatLost(const CommitContext& context, int64_t n) {
  // Listed before the ledger is read: no upload in the list belongs to a decision that comes later.
  std::vector<store::PendingUploadInfo> uploads = UploadsOf(context, n);
  if (uploads.empty()) return;
  const auto decision = context.ledger.ReadDecision(n);
  const auto manifest = context.ledger.ReadManifest(n);
  if (!decision || !*decision || !manifest || !*manifest) return;
  std::set<store::Key> listed;
  for (const auto& file : (*decision)->files) listed.insert(file.upload.key);
  std::erase_if(uploads, [&](const auto& upload) { return listed.contains(upload.key); });
  store::TryAbort(context.destination, uploads);
}

}  // namespace sluice::exporter
