#include "sluice/verify/verify_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sluice/columnar/row_hash.h"
#include "sluice/exporter/commit/adopt.h"
#include "sluice/exporter/inspect/chain.h"
#include "sluice/exporter/inspect/repair_advice.h"
#include "sluice/exporter/report/table_error.h"
#include "sluice/exporter/session/session.h"
#include "sluice/ledger/in_force.h"
#include "sluice/verify/destination_rows.h"
#include "sluice/verify/feed_balance.h"
#include "sluice/verify/former_config.h"
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

/// Derives the rows of one number from its pinned version again and compares them.
Status CompareWithSource(Session& session, const Manifest& manifest, const RowTotals& destination,
                         VerifiedExport& verified) {
  if (manifest.kind == ExportKind::kReset) {
    verified.source = SourceVerdict::kNoRows;
    return {};
  }
  const auto former = FindFormerConfig(session, manifest);
  if (!former) {
    if (former.error().kind != ErrorKind::kConflict) return Fail(former.error());
    verified.source = SourceVerdict::kUnknown;
    verified.why = former.error().message;
    return {};
  }
  verified.former = former->words;
  const UnderConfig under(session, former->table);
  const auto gone = [&](const Error& error) -> Status {
    if (!SourceIsGone(error.kind)) return Fail(error);
    verified.source = SourceVerdict::kGone;
    verified.why = error.message;
    return {};
  };
  const auto again = exporter::PrepareAgain(session, former->intent);
  if (!again) return gone(again.error());
  RowTotals source;
  const runtime::CancelToken& cancel = session.services->cancel;
  const auto derived = session.mover->Visit(
      *again->task,
      [&](const arrow::RecordBatch& rows, const std::string& partition) {
        return source.Add(rows, partition);
      },
      cancel);
  if (!derived) return gone(derived.error());
  const RowTotal here = source.All();
  if (here == destination.All() && source.ByPartition() == destination.ByPartition()) {
    verified.source = SourceVerdict::kSame;
    return {};
  }
  verified.source = SourceVerdict::kDifferent;
  const RowSide from_source = [&](const RowVisit& visit) -> Status {
    SLUICE_RETURN_IF_ERROR(session.mover->Visit(*again->task, visit, cancel));
    return {};
  };
  const RowSide from_destination = [&](const RowVisit& visit) {
    return VisitExport(session, manifest, visit);
  };
  return ExplainDifference(session, destination, source, from_destination, from_source, verified);
}

/// One number: its files, its rows against the manifest, and both against the source.
Status VerifyOne(Session& session, const Manifest& manifest, FeedBalance& balance,
                 VerifiedExport& verified) {
  SLUICE_ASSIGN_OR_RETURN(verified.faults, CheckFiles(session, manifest));
  RowTotals destination;
  std::vector<std::string> unreadable;
  SLUICE_RETURN_IF_ERROR(VisitExport(
      session, manifest,
      [&](const arrow::RecordBatch& rows, const std::string& partition) -> Status {
        SLUICE_RETURN_IF_ERROR(balance.Add(manifest, rows));
        return destination.Add(rows, partition);
      },
      &unreadable));
  for (auto& fault : unreadable) verified.faults.push_back(std::move(fault));
  const RowTotal all = destination.All();
  const std::string hash = columnar::ToString(all.hash);
  if (all.rows != manifest.rows) {
    verified.faults.push_back(
        fmt::format("its files hold {} rows, the manifest says {}", all.rows, manifest.rows));
  } else if (hash != manifest.row_hash && manifest.kind != ExportKind::kReset) {
    verified.faults.push_back(
        fmt::format("its rows have hash {}, the manifest says {}", hash, manifest.row_hash));
  }
  if (all.rows != manifest.rows || hash != manifest.row_hash) balance.Spoil(manifest);
  SLUICE_RETURN_IF_ERROR(CompareWithSource(session, manifest, destination, verified));
  if (!verified.faults.empty()) verified.remedy = exporter::RepairAdvice(session.name(), manifest);
  SLUICE_ASSIGN_OR_RETURN(auto markers, CheckMarkers(session, manifest));
  for (auto& fault : markers) verified.faults.push_back(std::move(fault));
  return {};
}

/// Rows that lie there twice, unless somebody asked for it, are a fault of the table.
void TellOverlaps(const Session& session, const std::vector<Manifest>& current,
                  VerifyReport& report) {
  constexpr size_t kShown = 5;
  report.overlaps = FindOverlaps(current);
  size_t faults = 0;
  for (const auto& overlap : report.overlaps) {
    if (overlap.reset > 0 || ++faults > kShown) continue;
    report.faults.push_back(fmt::format(
        "rows of ({}, {}] are exported twice: by export {} and by export {}, which does not "
        "replace "
        "it; `sluice backfill {} --from {} --to {} --again` leaves them once",
        ledger::ToText(overlap.start), ledger::ToText(overlap.end), overlap.earlier, overlap.later,
        session.name(), ledger::ToText(overlap.from), ledger::ToText(overlap.to)));
  }
  if (faults > kShown) {
    report.faults.push_back(fmt::format("{} more pairs of exports overlap", faults - kShown));
  }
}

Status VerifyInto(const exporter::Services& services, const config::Table& table,
                  VerifyReport& report) {
  SLUICE_ASSIGN_OR_RETURN(Session session, exporter::OpenSession(services, table));
  SLUICE_RETURN_IF_ERROR(exporter::OpenSource(session));
  SLUICE_ASSIGN_OR_RETURN(auto manifests, session.ledger->ReadManifests());
  SLUICE_ASSIGN_OR_RETURN(const auto chain, exporter::LookAtChain(session, manifests));
  for (const auto& fault : ledger::Describe(chain, session.name())) {
    report.faults.push_back(fault.message + "; " + fault.remedy);
  }
  const std::vector<Manifest> current = ledger::InForce(std::move(manifests));
  TellOverlaps(session, current, report);
  FeedBalance balance(session);
  SLUICE_RETURN_IF_ERROR(balance.Begin(current));
  for (const Manifest& manifest : current) {
    SLUICE_RETURN_IF_ERROR(services.cancel.Check());
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
  }
  SLUICE_RETURN_IF_ERROR(balance.Close(report.balance, report.faults));
  SLUICE_ASSIGN_OR_RETURN(auto stray, FindStrayFiles(services, table, current));
  for (auto& fault : stray) report.faults.push_back(std::move(fault));
  return {};
}

}  // namespace

std::string_view Name(SourceVerdict verdict) {
  switch (verdict) {
    case SourceVerdict::kSame:
      return "same";
    case SourceVerdict::kGone:
      return "source gone";
    case SourceVerdict::kUnknown:
      return "unknown";
    case SourceVerdict::kDifferent:
      return "different";
    case SourceVerdict::kNoRows:
      return "no rows";
    case SourceVerdict::kNotAsked:
      return "not asked";
  }
  return "different";
}

bool VerifyReport::proven() const {
  return !error && faults.empty() &&
         std::all_of(exports.begin(), exports.end(),
                     [](const VerifiedExport& verified) { return verified.faults.empty(); });
}

VerifyReport VerifyTable(const exporter::Services& services, const config::Table& table) {
  VerifyReport report;
  report.table = table.table;
  report.name = table.name;
  report.pattern = table.pattern;
  const int64_t began = services.wall->MonotonicMicros();
  Status status = exporter::Guarded([&] { return VerifyInto(services, table, report); });
  report.seconds = static_cast<double>(services.wall->MonotonicMicros() - began) / 1e6;
  if (!status) report.error = exporter::OfTable(std::move(status).error(), table);
  return report;
}

}  // namespace sluice::verify
