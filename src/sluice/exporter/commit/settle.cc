#include "sluice/exporter/commit/settle.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "sluice/exporter/commit/rebuild.h"
#include "sluice/exporter/commit/snapshot_marker.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/plan/column_choice.h"
#include "sluice/plan/output_layout.h"
#include "sluice/plan/planned_export.h"
#include "sluice/runtime/executor.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

using ledger::Decision;
using ledger::ExportKind;

/// S3 has no commit over several keys: the more at once, the shorter a listing reader sees a part.
constexpr int kCompletionsAtOnce = 64;

/// Makes every listed file visible. Returns the keys that can't be: neither pending nor there.
Result<std::vector<store::Key>> CompleteAll(Session& session, const Decision& decision) {
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

/// Every pending upload of this table's data.
Status VisitUploads(Session& session,
                    const std::function<void(const store::PendingUploadInfo&)>& visit) {
  for (const auto& folder : plan::DataFolders(session.table->pattern, session.name())) {
    SLUICE_RETURN_IF_ERROR(
        session.destination->ListUploads(folder, [&](const store::PendingUploadInfo& upload) {
          visit(upload);
          return true;
        }));
  }
  return {};
}

/// Removes what an earlier generation, or a voided number, left. The abort comes first: after it nobody
/// can complete that upload any more, so the deletion is final.
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
  // A later number never uses the folder that these lie in.
  SLUICE_RETURN_IF_ERROR(RemoveMarkers(session, keys));
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

/// Aborts whatever attempts at number n left pending; best effort, `prune` does it thoroughly.
void AbortAttempts(Session& session, int64_t n) {
  std::vector<store::PendingUploadInfo> uploads;
  const auto listed = VisitUploads(session, [&](const store::PendingUploadInfo& upload) {
    const auto name = plan::ParseDataFileName(upload.key.substr(upload.key.rfind('/') + 1));
    if (name && name->n == n) uploads.push_back(upload);
  });
  if (!listed) spdlog::debug("listing uploads: {}", listed.error().message);
  store::TryAbort(*session.destination, uploads);
}

/// Publishes the manifest; kConflict if another one stands there.
Result<store::PutOutcome> Publish(Session& session, const Decision& decision) {
  SLUICE_ASSIGN_OR_RETURN(const auto put, session.ledger->PutManifest(decision.manifest));
  if (put == store::PutOutcome::kCreated) return put;
  SLUICE_ASSIGN_OR_RETURN(const auto standing, session.ledger->ReadDecision(decision.n));
  if (standing && standing->is_void() != decision.is_void()) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("export {} was {} by another runner meanwhile", decision.n,
                                  decision.is_void() ? "published" : "given up"),
                      "run again"});
  }
  return put;
}

void Tell(const Decision& decision, RunReport& report) {
  WindowReport window;
  window.n = decision.n;
  window.kind = decision.manifest.kind;
  window.start = decision.manifest.start;
  window.end = decision.manifest.end;
  window.rows = decision.manifest.rows;
  window.files = static_cast<int64_t>(decision.manifest.files.size());
  for (const auto& file : decision.manifest.files) window.bytes += file.size;
  report.rows += window.rows;
  report.files += window.files;
  report.bytes += window.bytes;
  report.copied += decision.row_groups_copied;
  report.spliced += decision.row_groups_spliced;
  report.rewritten += decision.row_groups_rewritten;
  if (window.kind == ExportKind::kLate) report.late_rows += window.rows;
  if (window.kind == ExportKind::kWindow) {
    report.null_watermarks = decision.manifest.null_watermarks;
  }
  report.windows.push_back(window);
}

std::string NoteOf(int64_t n, const GivenUp& reason) {
  return fmt::format("export {} was given up: {}{}{}", n, reason.why,
                     reason.detail.empty() ? "" : ": ", reason.detail);
}

Decision VoidDecision(Session& session, int64_t n, ledger::Position position, std::string reason) {
  Decision decision;
  decision.n = n;
  decision.manifest.n = n;
  decision.manifest.kind = ExportKind::kVoid;
  decision.manifest.table = session.table->table;
  decision.manifest.table_id = position.table_id;
  decision.manifest.timezone = session.table->timezone.name();
  decision.manifest.reason = std::move(reason);
  decision.manifest.committed_at = session.services->clock->Now();
  decision.manifest.program = session.services->program;
  decision.state_expected = position.end;
  decision.position = std::move(position);
  decision.runner = session.runner;
  return decision;
}

}  // namespace

Status RefuseExcludedColumns(const Session& session, const Decision& decision) {
  const auto schema = delta::ParseSchema(decision.manifest.schema.dump());
  if (!schema) return {};  // void and reset numbers hold no columns
  for (const auto& field : schema->fields) {
    if (!plan::StaysInSource(*session.table, field.name)) continue;
    return Fail(Error{
        ErrorKind::kConflict,
        fmt::format("export {} was decided before column '{}' was {}, and holds it", decision.n,
                    field.name,
                    session.table->exclude.empty() ? "left out of `columns`" : "excluded"),
        fmt::format("run `sluice state void {}` to give that export up and export its window anew",
                    session.name())});
  }
  return {};
}

Status Settle(Session& session, Decision decision, bool manifest_exists, RunReport& report) {
  if (!manifest_exists && !decision.is_void()) {
    SLUICE_RETURN_IF_ERROR(RefuseExcludedColumns(session, decision));
    SLUICE_RETURN_IF_ERROR(ClearSuperseded(session, decision.n, decision.superseded));
    SLUICE_ASSIGN_OR_RETURN(const auto absent, CompleteAll(session, decision));
    if (!absent.empty()) return Rebuild(session, std::move(decision), absent, report);
    SLUICE_RETURN_IF_ERROR(PutMarkers(session, decision));
  }
  if (decision.is_void()) {
    if (decision.overruled) SLUICE_RETURN_IF_ERROR(CloseDecision(session, decision));
    SLUICE_RETURN_IF_ERROR(ClearSuperseded(session, decision.n, decision.superseded));
    AbortAttempts(session, decision.n);
  }
  if (!manifest_exists) {
    auto published = Publish(session, decision);
    if (!published || *published == store::PutOutcome::kAlreadyExists) {
      SLUICE_RETURN_IF_ERROR(RemoveMarkersIfGone(session, decision));
    }
    SLUICE_ASSIGN_OR_RETURN(const auto put, std::move(published));
    if (put == store::PutOutcome::kCreated && !decision.is_void()) Tell(decision, report);
  }
  // A void number moves nothing: the state stands where the number before it left it.
  if (decision.is_void() || !KeepsState(session)) return {};
  SLUICE_ASSIGN_OR_RETURN(const bool followed, StateFollowed(session, decision.n));
  if (!followed) SLUICE_RETURN_IF_ERROR(FollowState(session, decision));
  return {};
}

Status VoidUndecided(Session& session, int64_t n, const ledger::Position& position,
                     const GivenUp& reason, RunReport& report) {
  report.notes.push_back(NoteOf(n, reason));
  Decision decision = VoidDecision(session, n, position, reason.why);
  SLUICE_ASSIGN_OR_RETURN(const auto put, session.ledger->PutDecision(decision));
  if (put == store::PutOutcome::kAlreadyExists) return {};
  return Settle(session, std::move(decision), /*manifest_exists=*/false, report);
}

Status VoidDecided(Session& session, const Decision& decision, const GivenUp& reason,
                   RunReport& report) {
  ledger::Position before;
  if (decision.n > 1) {
    SLUICE_ASSIGN_OR_RETURN(const auto previous, session.ledger->ReadDecision(decision.n - 1));
    if (previous) before = previous->position;
  }
  report.notes.push_back(NoteOf(decision.n, reason));
  Decision voided = VoidDecision(session, decision.n, std::move(before), reason.why);
  if (decision.position.newest_snapshot) {
    voided.position.newest_snapshot = decision.position.newest_snapshot;
  }
  voided.generation = decision.generation;
  voided.superseded = ledger::EverListed(decision);
  // The manifest decides, because a reader may already follow it; only then may bytes go.
  SLUICE_RETURN_IF_ERROR(Publish(session, voided));
  SLUICE_RETURN_IF_ERROR(CloseDecision(session, voided));
  SLUICE_RETURN_IF_ERROR(ClearSuperseded(session, voided.n, voided.superseded));
  AbortAttempts(session, voided.n);
  return {};
}

}  // namespace sluice::exporter
