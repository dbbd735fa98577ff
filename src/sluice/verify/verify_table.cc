#include "sluice/verify/verify_table.h"

#include <fmt/format.h>

#include <charconv>
#include <set>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/columnar/row_hash.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/snapshot/version_checksum.h"
#include "sluice/exporter/commit/adopt.h"
#include "sluice/exporter/inspect/chain.h"
#include "sluice/exporter/inspect/repair_advice.h"
#include "sluice/exporter/report/fill_report.h"
#include "sluice/exporter/session/session.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/ledger/as_decided.h"
#include "sluice/ledger/in_force.h"
#include "sluice/verify/destination_rows.h"
#include "sluice/verify/export_parts.h"
#include "sluice/verify/feed_balance.h"
#include "sluice/verify/former_config.h"
#include "sluice/verify/recorded_decision.h"
#include "sluice/verify/row_totals.h"
#include "sluice/verify/stray_files.h"

namespace sluice::verify {
namespace {

using exporter::Session;
using ledger::ExportKind;
using ledger::Manifest;

bool SourceIsGone(ErrorKind kind) {
  return kind == ErrorKind::kSourceGone || kind == ErrorKind::kNotFound ||
         kind == ErrorKind::kConflict || kind == ErrorKind::kUnsupported ||
         kind == ErrorKind::kCorrupt;
}

std::string RestoreManifestAdvice(const Session& session, int64_t n) {
  return fmt::format(
      "restore manifest {} from a copy; or remove it, and `sluice state republish {}` writes it "
      "again "
      "as it was decided",
      n, session.name());
}

/// Puts into words how two sides differ, partition by partition, with a few rows of the first that does.
Status ExplainDifference(const Session& session, const RowTotals& destination,
                         const RowTotals& source, const RowSide& there, const RowSide& here,
                         VerifiedExport& verified) {
  const auto a = destination.ByPartition(), b = source.ByPartition();
  std::set<std::string> partitions;
  for (const auto& [partition, total] : a) partitions.insert(partition);
  for (const auto& [partition, total] : b) partitions.insert(partition);
  bool shown = false;
  for (const auto& partition : partitions) {
    const auto in_a = a.find(partition), in_b = b.find(partition);
    const RowTotal left = in_a == a.end() ? RowTotal{} : in_a->second;
    const RowTotal right = in_b == b.end() ? RowTotal{} : in_b->second;
    if (left == right) continue;
    verified.faults.push_back(fmt::format("{}: rows at the destination {}, in the source {}{}",
                                          partition, left.rows, right.rows,
                                          left.rows == right.rows ? ", and they differ" : ""));
    if (shown) continue;
    shown = true;
    SLUICE_ASSIGN_OR_RETURN(
        auto lines,
        FindDifferingRows(there, here, partition, session.services->config->limits.memory_bytes));
    for (auto& line : lines) verified.faults.push_back(std::move(line));
  }
  return {};
}

/// The worst of what the source says of the parts of an export.
void Conclude(SourceVerdict verdict, const std::string& why, VerifiedExport& verified) {
  const auto weight = [](SourceVerdict v) {
    return v == SourceVerdict::kDifferent                              ? 3
           : v == SourceVerdict::kGone || v == SourceVerdict::kUnknown ? 2
           : v == SourceVerdict::kNotAsked                             ? 0
                                                                       : 1;
  };
  if (weight(verdict) <= weight(verified.source)) return;
  verified.source = verdict;
  verified.why = why;
}

/// Derives the rows of one part from its pinned version again and compares them.
Status CompareWithSource(Session& session, const ExportPart& part, const RowTotals& destination,
                         VerifiedExport& verified) {
  const Manifest& manifest = part.manifest;
  if (!part.unknown.empty()) {
    Conclude(SourceVerdict::kUnknown, part.unknown, verified);
    return {};
  }
  if (manifest.kind == ExportKind::kReset) {
    Conclude(SourceVerdict::kNoRows, {}, verified);
    return {};
  }
  const auto former = FindFormerConfig(session, manifest);
  if (!former) {
    if (former.error().kind != ErrorKind::kConflict) return Fail(former.error());
    Conclude(SourceVerdict::kUnknown, former.error().message, verified);
    return {};
  }
  verified.former = former->words;
  const UnderConfig under(session, former->table);
  const auto gone = [&](const Error& error) -> Status {
    if (!SourceIsGone(error.kind)) return Fail(error);
    Conclude(SourceVerdict::kGone, error.message, verified);
    return {};
  };
  exporter::SessionSource access(session);
  const auto again = exporter::PrepareAgain(*session.ledger, access, former->intent);
  if (!again) return gone(again.error());
  RowTotals source;
  const runtime::CancelToken& cancel = session.services->cancel;
  const auto derived = session.mover->Visit(
      *again->task,
      [&](const arrow::RecordBatch& rows, const std::string& partition) -> Status {
        return part.Holds(partition) ? source.Add(rows, partition) : Status();
      },
      cancel);
  if (!derived) return gone(derived.error());
  const RowTotal here = source.All();
  if (here == destination.All() && source.ByPartition() == destination.ByPartition()) {
    Conclude(SourceVerdict::kSame, {}, verified);
    return {};
  }
  Conclude(SourceVerdict::kDifferent, {}, verified);
  const RowSide from_source = [&](const RowVisit& visit) -> Status {
    const RowVisit of_part = [&](const arrow::RecordBatch& rows,
                                 const std::string& partition) -> Status {
      return part.Holds(partition) ? visit(rows, partition) : Status();
    };
    SLUICE_RETURN_IF_ERROR(session.mover->Visit(*again->task, of_part, cancel));
    return {};
  };
  const RowSide from_destination = [&](const RowVisit& visit) {
    return VisitExport(session, manifest, visit);
  };
  return ExplainDifference(session, destination, source, from_destination, from_source, verified);
}

/// There is no hash to compare with if some bytes moved undecoded or were carried over.
bool HashDiffers(const ExportPart& part, const std::string& hash) {
  if (part.manifest.kind == ExportKind::kReset || part.row_hash.empty()) return false;
  return hash != part.row_hash;
}

/// An edited manifest no longer says what was decided. Returns the manifest that was; `manifest` where no decision
/// can be read.
Result<Manifest> CompareWithDecision(const Session& session, const Manifest& manifest,
                                     VerifiedExport& verified) {
  const auto decision = session.ledger->ReadDecision(manifest.n);
  if (!decision) {
    if (decision.error().kind != ErrorKind::kCorrupt) return Fail(decision.error());
    verified.faults.push_back(decision.error().message);
    return manifest;
  }
  if (!*decision) return manifest;
  for (auto& difference : DifferencesToDecision(manifest, **decision)) {
    verified.faults.push_back(std::move(difference));
    verified.remedy = RestoreManifestAdvice(session, manifest.n);
  }
  return (*decision)->manifest;
}

/// Reads the files of one part: as many rows as it says, with the hash that it says, as the source has them.
Status VerifyPart(Session& session, const ExportPart& part, FeedBalance& balance,
                  VerifiedExport& verified) {
  RowTotals destination;
  std::vector<std::string> unreadable;
  SLUICE_RETURN_IF_ERROR(VisitExport(
      session, part.manifest,
      [&](const arrow::RecordBatch& rows, const std::string& partition) -> Status {
        SLUICE_RETURN_IF_ERROR(balance.Add(part.manifest, rows));
        return destination.Add(rows, partition);
      },
      &unreadable));
  for (auto& fault : unreadable) verified.faults.push_back(std::move(fault));
  const RowTotal all = destination.All();
  const std::string hash = columnar::ToString(all.hash);
  if (all.rows != part.rows) {
    verified.faults.push_back(
        fmt::format("its files hold {} rows, the manifest says {}", all.rows, part.rows));
  } else if (HashDiffers(part, hash)) {
    verified.faults.push_back(
        fmt::format("its rows have hash {}, the manifest says {}", hash, part.row_hash));
  }
  if (all.rows != part.rows || HashDiffers(part, hash)) balance.Spoil(part.manifest);
  return CompareWithSource(session, part, destination, verified);
}

/// One export: its files, its rows against the manifest, and both against the source.
Status VerifyOne(Session& session, const Manifest& manifest, FeedBalance& balance,
                 VerifiedExport& verified) {
  SLUICE_ASSIGN_OR_RETURN(verified.faults, CheckFiles(session, manifest));
  SLUICE_ASSIGN_OR_RETURN(const Manifest decided, CompareWithDecision(session, manifest, verified));
  SLUICE_ASSIGN_OR_RETURN(const auto parts, PartsOf(*session.ledger, manifest));
  int64_t rows = 0;
  for (const ExportPart& part : parts) {
    rows += part.rows;
    SLUICE_RETURN_IF_ERROR(VerifyPart(session, part, balance, verified));
  }
  if (rows != manifest.rows) {
    verified.faults.push_back(
        fmt::format("its parts hold {} rows by the manifest, which says {}", rows, manifest.rows));
  }
  // As long as the manifest is not what was decided, other faults may be its own.
  if (!verified.faults.empty() && verified.remedy.empty()) {
    verified.remedy = exporter::RepairAdvice(session.name(), decided);
  }
  SLUICE_ASSIGN_OR_RETURN(auto markers, CheckMarkers(session, manifest));
  for (auto& fault : markers) verified.faults.push_back(std::move(fault));
  return {};
}

/// Rows that were exported twice are a fault of the table, unless a reset asked for it.
void ReportOverlaps(const Session& session, const std::vector<Manifest>& current,
                    VerifyReport& report) {
  constexpr size_t kShown = 5;
  report.overlaps = FindOverlaps(current);
  size_t faults = 0;
  for (const auto& overlap : report.overlaps) {
    if (overlap.reset > 0 || ++faults > kShown) continue;
    report.faults.push_back(fmt::format(
        "rows of ({}, {}] are exported twice: by export {} and by export {}, which does not "
        "replace it; `sluice backfill {} --from {} --to {} --again` leaves them once",
        ledger::ToText(overlap.start), ledger::ToText(overlap.end), overlap.earlier, overlap.later,
        session.name(), ledger::ToText(overlap.from), ledger::ToText(overlap.to)));
  }
  if (faults > kShown) {
    report.faults.push_back(fmt::format("{} more pairs of exports overlap", faults - kShown));
  }
}

/// `since` as a bound of the table's windows; monostate where it is "".
Result<ledger::Bound> ParseSince(const config::Table& table, const std::string& since) {
  if (since.empty()) return ledger::Bound();
  if (!table.is_cdc()) {
    const auto time = ParseTimestamp(since, table.timezone);
    if (!time) return Fail(Error(time.error()).Within("--since"));
    return ledger::Bound(*time);
  }
  int64_t version = 0;
  const char* end = since.data() + since.size();
  const auto [stop, error] = std::from_chars(since.data(), end, version);
  if (error == std::errc() && stop == end && version >= 0) return ledger::Bound(Version{version});
  return Fail(
      Error{ErrorKind::kUsage, fmt::format("--since: '{}' is not a version", since),
            "name a commit version of the source: the exports that end after it are verified"});
}

bool EndsAfter(const Manifest& manifest, const ledger::Bound& since) {
  const auto from = ledger::ValueOf(since), end = ledger::ValueOf(manifest.end);
  return !from || !end || *end > *from;
}

/// Whatever keeps a run from going on, beyond what the chain shows.
Status VerifyLedger(const Session& session, VerifyReport& report) {
  const auto view = session.ledger->Load();
  if (view) return {};
  const Error& error = view.error();
  const bool is_fault = error.kind == ErrorKind::kCorrupt || error.kind == ErrorKind::kConflict ||
                        error.kind == ErrorKind::kUnsupported || error.kind == ErrorKind::kNotFound;
  if (!is_fault) return Fail(error);
  report.faults.push_back(error.message + (error.remedy.empty() ? "" : "; " + error.remedy));
  return {};
}

/// Manifests that say void are not among the exports in force; only decisions can say so.
Status VerifyVoids(const Session& session, const std::vector<Manifest>& manifests,
                   VerifyReport& report) {
  for (const Manifest& manifest : manifests) {
    if (manifest.kind != ExportKind::kVoid) continue;
    // Years of dropped snapshots are not looked at one by one.
    const bool is_tombstone =
        manifest.expired && session.table->is_snapshot() && manifest.files.empty();
    if (is_tombstone) continue;
    const auto decision = session.ledger->ReadDecision(manifest.n);
    if (!decision) {
      if (decision.error().kind != ErrorKind::kCorrupt) return Fail(decision.error());
      report.faults.push_back(decision.error().message);
      continue;
    }
    if (!*decision) continue;
    const std::string difference = ledger::DifferenceInStanding(manifest, **decision);
    if (difference.empty()) continue;
    report.faults.push_back(fmt::format("the manifest of export {} {}; {}", manifest.n, difference,
                                        RestoreManifestAdvice(session, manifest.n)));
  }
  return {};
}

/// Whether the exports chain. Gaps that are not faults go to `gaps`.
Status VerifyChain(Session& session, const std::vector<Manifest>& manifests, VerifyReport& report) {
  SLUICE_ASSIGN_OR_RETURN(const auto chain, exporter::LookAtChain(session, manifests));
  for (const auto& fault : ledger::Describe(chain, session.name())) {
    report.faults.push_back(fault.message + "; " + fault.remedy);
  }
  for (const auto& gap : chain.gaps) {
    if (gap.kind != ledger::ChainGap::Kind::kGap) report.gaps.push_back(gap);
  }
  if (!chain.has_ledger && !manifests.empty()) {
    report.unproven.push_back(fmt::format(
        "the ledger of these exports is not in {}: nothing shows that the newest manifest is the "
        "last, or that the manifests are as they were decided",
        session.ledger_store->DisplayName(session.ledger->folder())));
    return {};
  }
  SLUICE_RETURN_IF_ERROR(VerifyVoids(session, manifests, report));
  return report.faults.empty() ? VerifyLedger(session, report) : Status();
}

/// Every export of `chosen`, one after the other.
Status VerifyExports(Session& session, const std::vector<Manifest>& chosen, FeedBalance& balance,
                     transfer::Progress* progress, VerifyReport& report) {
  for (const Manifest& manifest : chosen) {
    if (progress != nullptr) progress->rows_expected += manifest.rows;
  }
  for (const Manifest& manifest : chosen) {
    SLUICE_RETURN_IF_ERROR(session.services->cancel.Check());
    VerifiedExport verified;
    verified.n = manifest.n;
    verified.kind = manifest.kind;
    verified.start = manifest.start;
    verified.end = manifest.end;
    verified.rows = manifest.rows;
    verified.files = static_cast<int64_t>(manifest.files.size());
    SLUICE_RETURN_IF_ERROR(VerifyOne(session, manifest, balance, verified));
    report.rows += verified.rows;
    report.files += verified.files;
    for (const auto& file : manifest.files) report.bytes += file.size;
    report.exports.push_back(std::move(verified));
    if (progress == nullptr) continue;
    progress->rows_read += manifest.rows;
    progress->rows_exported += manifest.rows;
  }
  return {};
}

/// The source's newest version against its checksum. Without one its files need not be read again.
Status VerifyChecksum(const Session& session, VerifyReport& report) {
  const auto listing = session.log->ListForSnapshot();
  if (!listing) return SourceIsGone(listing.error().kind) ? Status() : Fail(listing.error());
  SLUICE_ASSIGN_OR_RETURN(const bool has_checksum,
                          delta::HasChecksum(*session.log, listing->latest()));
  if (!has_checksum) return {};
  const auto snapshot = delta::LoadSnapshot(*session.log, {});
  if (!snapshot) return SourceIsGone(snapshot.error().kind) ? Status() : Fail(snapshot.error());
  SLUICE_ASSIGN_OR_RETURN(auto differences, delta::DifferencesToChecksum(*session.log, *snapshot));
  for (auto& difference : differences) report.faults.push_back(std::move(difference));
  return {};
}

Status VerifyInto(const exporter::Services& services, const config::Table& table,
                  const VerifyOptions& options, VerifyReport& report) {
  SLUICE_ASSIGN_OR_RETURN(const ledger::Bound since, ParseSince(table, options.since));
  SLUICE_ASSIGN_OR_RETURN(Session session, exporter::OpenSession(services, table));
  SLUICE_RETURN_IF_ERROR(exporter::OpenSource(session));
  SLUICE_ASSIGN_OR_RETURN(auto manifests, session.ledger->ReadManifests());
  SLUICE_RETURN_IF_ERROR(VerifyChain(session, manifests, report));
  SLUICE_ASSIGN_OR_RETURN(auto files, FindStrayFiles(services, table, manifests));
  const std::vector<Manifest> current = ledger::InForce(std::move(manifests));
  ReportOverlaps(session, current, report);
  std::vector<Manifest> chosen = current;
  std::erase_if(chosen, [&](const Manifest& manifest) { return !EndsAfter(manifest, since); });
  FeedBalance balance(session);
  // A feed adds up from its seed on or not at all.
  if (options.since.empty()) SLUICE_RETURN_IF_ERROR(balance.Begin(current));
  SLUICE_RETURN_IF_ERROR(VerifyExports(session, chosen, balance, options.progress, report));
  SLUICE_RETURN_IF_ERROR(balance.Close(report.balance, report.faults));
  for (auto& fault : files.faults) report.faults.push_back(std::move(fault));
  SLUICE_RETURN_IF_ERROR(VerifyChecksum(session, report));
  report.lingering = std::move(files.lingering);
  return {};
}

}  // namespace

VerifyReport VerifyTable(const exporter::Services& services, const config::Table& table,
                         const VerifyOptions& options) {
  const int64_t began = services.wall->MonotonicMicros();
  auto report = exporter::FillReport<VerifyReport>(table, [&](VerifyReport& verified) {
    verified.since = options.since;
    return VerifyInto(services, table, options, verified);
  });
  report.seconds = static_cast<double>(services.wall->MonotonicMicros() - began) / 1e6;
  return report;
}

}  // namespace sluice::verify
