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

/// S3 has no commit over several keys: the more at once, the shorter a listing reader sees a part.
constexpr int kCompletionsAtOnce = 64;

/// Every pending upload of this table's data.
Status VisitUploads(Session& session,
                    const std::function<void(const store::PendingUploadInfo&)>& visit) {
  for (const auto& folder : plan::DataFolders(session.table->pattern(), session.name())) {
    SLUICE_RETURN_IF_ERROR(
        session.destination->ListUploads(folder, [&](const store::PendingUploadInfo& upload) {
          visit(upload);
          return true;
        }));
  }
  return {};
}

/// Records the void as the next generation of a decision that its manifest overrules, so that no runner
/// which still holds the old one can add a generation of rebuilt files after it. What such a runner added
/// first is superseded, too.
Status CloseDecision(Session& session, Decision& voided) {
  while (true) {
    ++voided.generation;
    SLUICE_ASSIGN_OR_RETURN(const auto put, session.ledger->PutDecision(voided));
    if (put == store::PutOutcome::kCreated) return {};
    SLUICE_ASSIGN_OR_RETURN(const auto standing, session.ledger->ReadDecision(voided.n));
    if (!standing || !standing->overruled) return {};
    voided.generation = standing->generation;
    voided.superseded.insert(voided.superseded.end(), standing->superseded.begin(),
                             standing->superseded.end());
  }
}

/// What attempts at export n left pending; what can't be listed is left to `prune`.
std::vector<store::PendingUploadInfo> UploadsOf(Session& session, int64_t n) {
  std::vector<store::PendingUploadInfo> uploads;
  const auto listed = VisitUploads(session, [&](const store::PendingUploadInfo& upload) {
    const auto name = plan::ParseDataFileName(upload.key.substr(upload.key.rfind('/') + 1));
    if (name && name->n == n) uploads.push_back(upload);
  });
  if (!listed) spdlog::debug("listing uploads: {}", listed.error().message);
  return uploads;
}

/// Aborts whatever attempts at a void export left pending; best effort, `prune` does it thoroughly.
void AbortAttempts(Session& session, int64_t n) {
  store::TryAbort(*session.destination, UploadsOf(session, n));
}

/// Publishes the manifest; kConflict if another one stands there.
Result<store::PutOutcome> Publish(Session& session, const Decision& decision) {
  SLUICE_ASSIGN_OR_RETURN(const auto put, session.ledger->PutManifest(decision.manifest));
  if (put == store::PutOutcome::kCreated) return put;
  SLUICE_ASSIGN_OR_RETURN(const auto standing, session.ledger->ReadDecision(decision.n));
  if (standing && standing->is_void() != decision.is_void()) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("export {} was {} by another runner meanwhile", decision.n,
                                  decision.is_void() ? "published" : "voided"),
                      "run again"});
  }
  return put;
}

}  // namespace

Result<std::vector<store::Key>> CompleteFiles(Session& session, const Decision& decision) {
  std::mutex mutex;
  std::vector<store::Key> absent;
  store::ObjectStore& destination = *session.destination;
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
  const int threads = session.services->threads > 0 ? session.services->threads
                      : session.destination_at.scheme == store::Location::Scheme::kLocal
                          ? runtime::DefaultParallelism()
                          : kCompletionsAtOnce;
  // Not cancelled halfway: a signal waits until the window is whole.
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
      decision.files.size(),
      std::min<int>(threads, std::max<int>(1, static_cast<int>(decision.files.size()))),
      runtime::CancelToken(), complete));
  return absent;
}

Status ClearSuperseded(Session& session, int64_t n, const std::vector<store::Key>& keys) {
  if (keys.empty()) return {};
  const std::set<store::Key> doomed(keys.begin(), keys.end());
  std::vector<store::PendingUploadInfo> uploads;
  SLUICE_RETURN_IF_ERROR(VisitUploads(session, [&](const store::PendingUploadInfo& upload) {
    if (doomed.contains(upload.key)) uploads.push_back(upload);
  }));
  for (const auto& upload : uploads) {
    SLUICE_RETURN_IF_ERROR(session.destination->AbortUpload(upload.key, upload.upload_id));
  }
  // No later export uses the folder that these lie in.
  SLUICE_RETURN_IF_ERROR(RemoveMarkers(*session.destination, session.name(), keys));
  for (const auto& key : doomed) {
    const auto name = plan::ParseDataFileName(key.substr(key.rfind('/') + 1));
    if (!name || name->n != n) {
      return Fail(ErrorKind::kInternal, "export {} asked to delete {}, which is not its own", n,
                  key);
    }
    SLUICE_RETURN_IF_ERROR(session.destination->Delete(key));
  }
  return {};
}

Result<store::PutOutcome> PublishManifest(Session& session, const Decision& decision) {
  auto published = Publish(session, decision);
  if (!published || *published == store::PutOutcome::kAlreadyExists) {
    SLUICE_RETURN_IF_ERROR(RemoveMarkersIfGone(session, decision));
  }
  return published;
}

Status FinishVoid(Session& session, Decision decision, bool manifest_exists) {
  if (decision.overruled) SLUICE_RETURN_IF_ERROR(CloseDecision(session, decision));
  SLUICE_RETURN_IF_ERROR(ClearSuperseded(session, decision.n, decision.superseded));
  AbortAttempts(session, decision.n);
  if (manifest_exists) return {};
  SLUICE_RETURN_IF_ERROR(PublishManifest(session, decision));
  return {};
}

Status VoidByManifest(Session& session, Decision voided) {
  // The manifest decides, because a reader may already follow it; only then may bytes go.
  SLUICE_RETURN_IF_ERROR(Publish(session, voided));
  SLUICE_RETURN_IF_ERROR(CloseDecision(session, voided));
  SLUICE_RETURN_IF_ERROR(ClearSuperseded(session, voided.n, voided.superseded));
  AbortAttempts(session, voided.n);
  return {};
}

void AbortAttemptsThatLost(Session& session, int64_t n) {
  // Listed before the ledger is read: no upload in the list belongs to a decision that comes later.
  std::vector<store::PendingUploadInfo> uploads = UploadsOf(session, n);
  if (uploads.empty()) return;
  const auto decision = session.ledger->ReadDecision(n);
  const auto manifest = session.ledger->ReadManifest(n);
  if (!decision || !*decision || !manifest || !*manifest) return;
  std::set<store::Key> listed;
  for (const auto& file : (*decision)->files) listed.insert(file.upload.key);
  std::erase_if(uploads, [&](const auto& upload) { return listed.contains(upload.key); });
  store::TryAbort(*session.destination, uploads);
}

}  // namespace sluice::exporter
