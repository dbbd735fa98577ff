#include <algorithm>
#include <utility>

#include "sluice/exporter/exporter.h"
#include "sluice/exporter/facts.h"
#include "sluice/exporter/late_rows.h"
#include "sluice/exporter/perform.h"
#include "sluice/exporter/reconcile.h"
#include "sluice/plan/append_task.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;

struct Range {
  Timestamp from, to;  ///< (from, to]
};

std::optional<Timestamp> AsTime(const ledger::Bound& bound) {
  const auto* t = std::get_if<Timestamp>(&bound);
  return t == nullptr ? std::nullopt : std::optional(*t);
}

Result<Range> ParseRange(const config::Table& table, const BackfillOptions& options) {
  const TimeZone& zone = table.timezone;
  auto from = ParseTimestamp(options.from, zone);
  if (!from) return Fail(std::move(from).error().Within("--from"));
  auto to = ParseTimestamp(options.to, zone);
  if (!to) return Fail(std::move(to).error().Within("--to"));
  if (*from >= *to) {
    return Fail(Error{
        ErrorKind::kUsage,
        fmt::format("the range ({}, {}] is empty", FormatTimestamp(*from), FormatTimestamp(*to)),
        "give --from a time before --to"});
  }
  return Range{*from, *to};
}

/// Cuts the range where coming windows begin: a row must not be exported by both.
Status ClipRange(const config::Table& table, const plan::AppendFacts& facts, Range& range) {
  const Timestamp limit = plan::BackfillLimit(table, facts);
  if (range.from >= limit) {
    return Fail(Error{
        ErrorKind::kUsage,
        fmt::format("({}, {}] lies after {}, where the next window begins",
                    FormatTimestamp(range.from), FormatTimestamp(range.to), FormatTimestamp(limit)),
        fmt::format("`sluice run {}` exports it in its turn", table.name)});
  }
  range.to = std::min(range.to, limit);
  return {};
}

/// What an old number holds of the watermark's axis: its window, or (late rows) the hull of its rows.
std::optional<Range> Extent(const ledger::Decision& decision) {
  const ExportKind kind = decision.manifest.kind;
  if (kind == ExportKind::kWindow || kind == ExportKind::kBackfill) {
    const auto from = AsTime(decision.manifest.start), to = AsTime(decision.manifest.end);
    if (!from || !to || *from >= *to) return std::nullopt;
    return Range{*from, *to};
  }
  if (kind == ExportKind::kLate) {
    const auto low = AsTime(decision.watermark_min), high = AsTime(decision.watermark_max);
    if (!low || !high) return std::nullopt;
    return Range{*low - Duration{1}, *high};
  }
  return std::nullopt;
}

/// The numbers that hold rows of `range`, not yet replaced by another one. kConflict where there are any
/// and `again` was not given, or where one lies only partly inside: its other rows would be lost.
Result<std::vector<plan::Replaced>> FindReplaced(const Session& session, const Range& range,
                                                 bool again, Version source_version) {
  SLUICE_ASSIGN_OR_RETURN(const auto decisions, session.ledger->ReadDecisions());
  std::vector<int64_t> gone;
  for (const auto& decision : decisions) {
    if (decision.is_void()) continue;
    const auto& replaces = decision.manifest.replaces;
    gone.insert(gone.end(), replaces.begin(), replaces.end());
  }
  std::vector<plan::Replaced> replaced;
  Range whole = range;
  bool partly = false;
  Version newest_source{-1};
  for (const auto& decision : decisions) {
    if (decision.is_void()) continue;
    const auto extent = Extent(decision);
    const bool is_gone = std::find(gone.begin(), gone.end(), decision.n) != gone.end();
    if (!extent || is_gone || extent->to <= range.from || extent->from >= range.to) continue;
    replaced.push_back({decision.n, extent->to});
    partly = partly || extent->from < range.from || extent->to > range.to;
    whole = {std::min(whole.from, extent->from), std::max(whole.to, extent->to)};
    newest_source = std::max(newest_source, decision.manifest.source_version.value_or(Version{-1}));
  }
  if (replaced.empty()) return replaced;
  const std::string name = session.name();
  if (!again) {
    return Fail(Error{
        ErrorKind::kConflict,
        fmt::format("rows of ({}, {}] are exported already, by export {}{}",
                    FormatTimestamp(range.from), FormatTimestamp(range.to), replaced.front().n,
                    replaced.size() > 1 ? fmt::format(" and {} more", replaced.size() - 1) : ""),
        "add --again to export them anew: the new manifest then replaces the old ones"});
  }
  if (partly) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("({}, {}] cuts through windows that were exported whole",
                                  FormatTimestamp(range.from), FormatTimestamp(range.to)),
                      fmt::format("sluice backfill {} --from {} --to {} --again", name,
                                  FormatTimestamp(whole.from), FormatTimestamp(whole.to))});
  }
  if (source_version < newest_source) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("version {} of the source is older than version {}, from which "
                                  "these rows were exported",
                                  source_version.value, newest_source.value),
                      "name a later --at-version, or none"});
  }
  return replaced;
}

Status BackfillInto(const Services& services, const config::Table& table,
                    const BackfillOptions& options, transfer::Progress& progress,
                    RunReport& report) {
  SLUICE_ASSIGN_OR_RETURN(Range range, ParseRange(table, options));
  std::optional<Duration> chunk;
  if (options.chunk) {
    auto parsed = ParseDuration(*options.chunk);
    if (!parsed || parsed->micros <= 0) {
      return Fail(ErrorKind::kUsage, "--chunk: '{}' is no duration like 1d or 6h", *options.chunk);
    }
    chunk = *parsed;
  }
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  Reconciled reconciled;
  do {
    SLUICE_ASSIGN_OR_RETURN(reconciled, Reconcile(session, options.run, progress, report));
    if (reconciled.busy) {
      report.status = RunStatus::kBusy;
      return {};
    }
  } while (reconciled.again);
  SLUICE_ASSIGN_OR_RETURN(AppendSource source, LookAtSource(session, reconciled.view.position(),
                                                            options.run.at_version));
  SLUICE_RETURN_IF_ERROR(ClipRange(table, source.facts, range));
  const Version version = source.facts.source_version;
  SLUICE_RETURN_IF_ERROR(FindReplaced(session, range, options.again, version));
  // Late rows first: afterwards everything exported is as of one version, so that the backfill neither
  // misses rows nor lets a later run find them a second time.
  SLUICE_ASSIGN_OR_RETURN(
      const Performed late,
      ExportLateRows(session, source, reconciled.view.newest + 1, progress, report));
  if (late == Performed::kLost) {
    return Fail(ErrorKind::kTransient, "another runner of this table came first");
  }
  SLUICE_ASSIGN_OR_RETURN(reconciled.view, session.ledger->Load());
  source.facts.position = reconciled.view.position();
  SLUICE_ASSIGN_OR_RETURN(const auto replaced,
                          FindReplaced(session, range, options.again, version));
  SLUICE_ASSIGN_OR_RETURN(const auto pieces, plan::PlanBackfill(table, source.facts, range.from,
                                                                range.to, chunk, replaced));
  int64_t n = reconciled.view.newest;
  for (const auto& planned : pieces) {
    Performance piece;
    piece.n = ++n;
    piece.planned = planned;
    SLUICE_ASSIGN_OR_RETURN(piece.task, plan::MakeWindowTask(table, planned, source.snapshot));
    for (const auto& file : piece.task.files) progress.rows_expected += file.rows.value_or(0);
    SLUICE_ASSIGN_OR_RETURN(const Performed performed,
                            Perform(session, std::move(piece), progress, report));
    if (performed == Performed::kLost) {
      return Fail(ErrorKind::kTransient,
                  "another runner came in between; what is left of the range "
                  "begins after {}",
                  ledger::ToText(planned.start));
    }
  }
  TellAlive(session);
  return {};
}

}  // namespace

RunReport Backfill(const Services& services, const config::Table& table,
                   const BackfillOptions& options) {
  return ReportOn(services, table, options.run,
                  [&](transfer::Progress& progress, RunReport& report) {
                    return BackfillInto(services, table, options, progress, report);
                  });
}

}  // namespace sluice::exporter
