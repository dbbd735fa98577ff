#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "sluice/plan/output_layout.h"
#include "sluice/prune/prune_decision.h"

/// Exports and files of a table for the tests of prune.
namespace sluice::prune {

inline constexpr Timestamp kNow{1'800'000'000'000'000};
inline constexpr const char* kHour = "dt=2026-01-01/hr=09";
inline constexpr const char* kOurAttempt = "00112233445566ff";
inline constexpr const char* kOtherAttempt = "ffeeddccbbaa9988";

inline std::string FileName(int64_t n, const std::string& attempt = kOurAttempt,
                            int64_t ordinal = 0) {
  return plan::FormatDataFileName({n, attempt, ordinal});
}

/// The key of a file of the append table `events`.
inline store::Key EventsKey(int64_t n, const std::string& attempt = kOurAttempt,
                            int64_t ordinal = 0) {
  return fmt::format("events_incremental/{}/{}", kHour, FileName(n, attempt, ordinal));
}

inline store::ObjectInfo Object(store::Key key, int64_t size = 10) {
  store::ObjectInfo object;
  object.key = std::move(key);
  object.size = size;
  return object;
}

inline store::PendingUploadInfo Upload(store::Key key) {
  return {std::move(key), "upload-of-a-test", {}};
}

/// What export n, of these files in one partition, leaves in ledger and manifests.
inline NumberFacts Settled(int64_t n, const std::vector<store::Key>& keys,
                           ledger::ExportKind kind = ledger::ExportKind::kWindow,
                           const std::string& partition = kHour) {
  ledger::Decision decision;
  decision.n = n;
  decision.attempt = kOurAttempt;
  ledger::Manifest& manifest = decision.manifest;
  manifest.n = n;
  manifest.kind = kind;
  manifest.schema = nlohmann::json::object();
  manifest.partitions_touched = {partition};
  for (const auto& key : keys) {
    store::PendingUpload upload;
    upload.key = key;
    decision.files.push_back({std::move(upload), 1, partition});
    manifest.files.push_back({key, 10, 1, "crc64nvme:0", partition});
  }
  NumberFacts facts;
  facts.manifest = manifest;
  facts.decision = std::move(decision);
  return facts;
}

/// An export that was decided and then voided: its decision reads as that void.
inline NumberFacts Voided(int64_t n, const std::vector<store::Key>& lost = {}) {
  NumberFacts facts = Settled(n, {}, ledger::ExportKind::kVoid);
  facts.manifest->partitions_touched.clear();
  facts.decision->superseded = lost;
  return facts;
}

/// A backfill that took the place of `replaces`, `age` before kNow.
inline NumberFacts Replacing(int64_t n, std::vector<int64_t> replaces, Duration age) {
  NumberFacts facts = Settled(n, {EventsKey(n)}, ledger::ExportKind::kBackfill);
  facts.manifest->replaces = facts.decision->manifest.replaces = std::move(replaces);
  facts.published = kNow - age;
  return facts;
}

}  // namespace sluice::prune
