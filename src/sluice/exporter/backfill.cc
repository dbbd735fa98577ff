#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "sluice/base/human_text.h"
#include "sluice/exporter/carry_files.h"
#include "sluice/exporter/commit/carry_out.h"
#include "sluice/exporter/commit/reconcile.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/report_builder.h"
#include "sluice/exporter/settle_earlier.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/ledger/in_force.h"
#include "sluice/plan/replacement.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using plan::Range;

/// Edges of a range as a user reads and writes them: times, or versions.
class Edges {
 public:
  explicit Edges(const config::Table& table) : table_(table) {}

  Result<int64_t> Parse(const char* option, const std::string& text) const {
    if (table_.is_cdc()) return ParseNumber(option, text, -1);
    auto time = ParseTimestamp(text, table_.timezone);
    if (!time) return Fail(std::move(time).error().Within(option));
    return time->micros;
  }

  Result<int64_t> ParseChunk(const std::string& text) const {
    if (table_.is_cdc()) return ParseNumber("--chunk", text, 1);
    const auto parsed = ParseDuration(text);
    if (parsed && parsed->micros > 0) return parsed->micros;
    return Fail(ErrorKind::kUsage, "--chunk: '{}' is not a duration like 1d or 6h", text);
  }

  std::string Text(int64_t edge) const {
    if (table_.is_cdc()) return fmt::format("{}", edge);
    return FormatTimestamp(Timestamp{edge});
  }
  /// What becomes of those rows of a replaced export that nobody asked for.
  const char* KeepsOf() const {
    return table_.is_append() ? "goes on naming their files in other partition folders"
                              : "exports all of that again";
  }
  std::string Text(const Range& range) const {
    return fmt::format("({}, {}]", Text(range.from), Text(range.to));
  }

 private:
  static Result<int64_t> ParseNumber(const char* option, const std::string& text, int64_t least) {
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end && value >= least) return value;
    return Fail(Error{ErrorKind::kUsage,
                      fmt::format("{}: '{}' is not a commit version", option, text),
                      "the ranges of a cdc table are commit versions, e.g. --from 10 --to 20"});
  }

  const config::Table& table_;
};

Result<Range> ParseRange(const Edges& edges, const BackfillOptions& options) {
  Range range;
  SLUICE_ASSIGN_OR_RETURN(range.from, edges.Parse("--from", options.from));
  SLUICE_ASSIGN_OR_RETURN(range.to, edges.Parse("--to", options.to));
  if (range.from < range.to) return range;
  return Fail(Error{ErrorKind::kUsage, fmt::format("the range {} is empty", edges.Text(range)),
                    "give --from something before --to"});
}

/// Cuts the range at `limit`, where coming windows begin: a row must not be exported by both.
Status ClipRange(const Session& session, int64_t limit, const Edges& edges, Range& range) {
  if (range.from >= limit) {
    return Fail(Error{ErrorKind::kUsage,
                      fmt::format("{} lies after {}, where the next window begins",
                                  edges.Text(range), edges.Text(limit)),
                      fmt::format("`sluice run {}` exports it in its turn", session.name())});
  }
  range.to = std::min(range.to, limit);
  return {};
}

/// Whether `found` may be exported again. `asked` is what the user wants of it, up to `limit`.
Status AllowReplacement(const Session& session, const Edges& edges, const plan::Replacement& found,
                        const Range& asked, int64_t limit, bool again, Version source_version) {
  if (found.exports.empty()) return {};
  if (found.range.to > limit) {
    const auto past = std::find_if(found.exports.begin(), found.exports.end(),
                                   [&](const auto& old) { return old.rows.to > limit; });
    return Fail(Error{
        ErrorKind::kConflict,
        fmt::format("export {} holds {}, and the next window begins at {}: its rows after that "
                    "would be exported twice",
                    past->n, edges.Text(past->rows), edges.Text(limit)),
        fmt::format("run `sluice run {}`, which exports them, and then this backfill again",
                    session.name())});
  }
  if (!again) {
    const size_t more = found.exports.size() - 1;
    return Fail(Error{
        ErrorKind::kConflict,
        fmt::format("rows of {} are exported already, by export {}{}", edges.Text(asked),
                    found.exports.front().n, more > 0 ? fmt::format(" and {} more", more) : ""),
        found.range == asked
            ? "add --again to export them again: the new manifest then replaces the old ones"
            : fmt::format(
                  "add --again to export them again: the new manifest then replaces the old "
                  "ones, which hold {}, and {}",
                  edges.Text(found.range), edges.KeepsOf())});
  }
  if (source_version < found.newest_source) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("version {} of the source is older than version {}, from which "
                                  "these rows were exported",
                                  source_version.value, found.newest_source.value),
                      "name a later --at-version, or none"});
  }
  return {};
}

/// Late rows first: afterwards everything exported is as of one version, so that the backfill neither misses
/// rows nor lets a later run find them a second time. True where there were any.
Result<bool> ExportLateRows(Session& session, RangeSource& source, int64_t newest,
                            transfer::Progress& progress, ReportBuilder& report) {
  SLUICE_ASSIGN_OR_RETURN(const auto late, source.PlanBeforeRange());
  if (!late) return false;
  SessionSource access(session);
  CarriedOut carried_out = CarryOut(session.context(), access, source, newest, {*late}, progress);
  const bool lost = carried_out.lost, exported = !carried_out.outcomes.empty();
  SLUICE_RETURN_IF_ERROR(report.Add(std::move(carried_out)));
  if (lost) return Fail(ErrorKind::kTransient, "another runner of this table came first");
  return exported;
}

/// What a backfill starts from.
struct Prepared {
  int64_t newest = 0;  ///< the newest export, settled
  std::unique_ptr<RangeSource> source;
  Range asked;                    ///< up to where coming windows begin
  plan::Replacement replacement;  ///< its range is what is exported
  std::vector<ledger::Decision> decisions;
  std::optional<int64_t> seed;  ///< version of the newest seed in force
};

std::optional<int64_t> NewestSeed(const std::vector<ledger::Decision>& decisions) {
  std::optional<int64_t> seed;
  for (const auto& decision : decisions) {
    const ExportKind kind = decision.manifest.kind;
    if (kind == ExportKind::kReset && ledger::BeginsAnew(decision.manifest)) seed.reset();
    if (kind == ExportKind::kSeed || kind == ExportKind::kReseed) {
      seed = ledger::ValueOf(decision.manifest.end);
    }
  }
  return seed;
}

/// What `piece` reads, of all that it holds.
Range ReadBy(const plan::PlannedExport& piece) {
  const auto& rows = std::get<plan::PlannedRows>(piece.what);
  const bool part = rows.renews_a_part();
  return {*ledger::ValueOf(part ? rows.renewed_start : piece.start),
          *ledger::ValueOf(part ? rows.renewed_end : piece.end)};
}

/// What is exported again beside what was asked for, and what stays.
void TellWidened(const Edges& edges, const Prepared& prepared,
                 const std::vector<plan::PlannedExport>& pieces, ReportBuilder& report) {
  if (prepared.replacement.range == prepared.asked) return;
  size_t carried = 0;
  for (const auto& piece : pieces)
    carried += std::get<plan::PlannedRows>(piece.what).carried.size();
  if (carried == 0) {
    report.AddNote(fmt::format("{} is exported again, because what is replaced holds it whole",
                               edges.Text(prepared.replacement.range)));
    return;
  }
  std::vector<std::string> read;
  for (const auto& piece : pieces) read.push_back(edges.Text(ReadBy(piece)));
  report.AddNote(fmt::format(
      "{} is exported again, in whole partition folders; {} of what is replaced {} as {}",
      fmt::join(read, ", "), Plural(static_cast<int64_t>(carried), "other file"),
      carried == 1 ? "stays" : "stay", carried == 1 ? "it is" : "they are"));
}

/// What readers of folders will see twice, and for how long.
std::vector<std::string> DoublesOf(const Edges& edges, const Prepared& prepared,
                                   const std::vector<plan::PlannedExport>& pieces) {
  std::vector<std::string> notes;
  const auto& replaced = prepared.replacement.exports;
  std::vector<std::string> twice;
  for (const auto& piece : pieces) {
    if (!std::get<plan::PlannedRows>(piece.what).replaces.empty()) {
      twice.push_back(edges.Text(ReadBy(piece)));
    }
  }
  if (!twice.empty()) {
    notes.push_back(fmt::format(
        "readers of folders see the rows of {} twice until `sluice prune` removes the files of {}, "
        "a day from now (--replaced-now: at once)",
        fmt::join(twice, ", "),
        replaced.size() == 1 ? fmt::format("export {}", replaced.front().n)
                             : fmt::format("the {} exports that are replaced", replaced.size())));
  }
  if (prepared.seed && prepared.replacement.range.from < *prepared.seed) {
    notes.push_back(fmt::format(
        "changes up to version {} are part of the seed, too: readers who have loaded that snapshot "
        "must not apply those of this backfill",
        *prepared.seed));
  }
  return notes;
}

/// Settles what is unfinished and exports the late rows; nullopt where another runner is at work. Late rows
/// move the position: then all is looked at again, at the same version, for another runner may have come in
/// between.
Result<std::optional<Prepared>> Prepare(Session& session, const Edges& edges, Range range,
                                        const BackfillOptions& options,
                                        transfer::Progress& progress, ReportBuilder& report) {
  SessionSource access(session);
  SourceOptions wanted;
  wanted.at = options.run.at_version;
  for (int round = 0; round < kRounds; ++round) {
    SLUICE_ASSIGN_OR_RETURN(
        const auto view, SettleEarlier(session.context(), access, options.run, progress, report));
    if (!view) return std::nullopt;
    Prepared prepared;
    prepared.newest = view->newest;
    SLUICE_ASSIGN_OR_RETURN(prepared.source, LookAtRanges(session, view->position(), wanted));
    wanted.at = prepared.source->facts().source_version;
    SLUICE_ASSIGN_OR_RETURN(const int64_t limit, prepared.source->RangeLimit());
    Range clipped = range;
    SLUICE_RETURN_IF_ERROR(ClipRange(session, limit, edges, clipped));
    prepared.asked = clipped;
    SLUICE_ASSIGN_OR_RETURN(prepared.decisions, session.ledger->ReadDecisions());
    prepared.replacement = plan::FindReplacement(prepared.decisions, clipped);
    SLUICE_RETURN_IF_ERROR(AllowReplacement(session, edges, prepared.replacement, clipped, limit,
                                            options.again, *wanted.at));
    prepared.seed = NewestSeed(prepared.decisions);
    SLUICE_ASSIGN_OR_RETURN(
        const bool had_late_rows,
        ExportLateRows(session, *prepared.source, prepared.newest, progress, report));
    if (had_late_rows) continue;
    return prepared;
  }
  return Fail(TooManyRounds());
}

Status BackfillInto(const Services& services, const config::Table& table,
                    const BackfillOptions& options, transfer::Progress& progress,
                    ReportBuilder& report) {
  if (table.is_snapshot()) return Fail(NoRanges());
  const Edges edges(table);
  SLUICE_ASSIGN_OR_RETURN(const Range range, ParseRange(edges, options));
  std::optional<int64_t> chunk;
  if (options.chunk) {
    SLUICE_ASSIGN_OR_RETURN(chunk, edges.ParseChunk(*options.chunk));
  }
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  SLUICE_RETURN_IF_ERROR(FindSource(session));
  SLUICE_ASSIGN_OR_RETURN(auto prepared, Prepare(session, edges, range, options, progress, report));
  if (!prepared) return {};
  SLUICE_ASSIGN_OR_RETURN(auto pieces,
                          prepared->source->PlanRange(prepared->replacement.range, chunk,
                                                      prepared->replacement.exports));
  if (chunk && !prepared->replacement.exports.empty()) {
    report.AddNote("--chunk does not cut what earlier exports hold: each is replaced whole");
  }
  SLUICE_ASSIGN_OR_RETURN(const auto whole,
                          CarryFilesOver(session, *prepared->source, prepared->decisions,
                                         prepared->replacement, prepared->asked, pieces));
  for (const auto& note : whole) report.AddNote(note);
  TellWidened(edges, *prepared, pieces, report);
  for (auto& note : DoublesOf(edges, *prepared, pieces)) {
    spdlog::warn("{}: {}", session.name(), note);
    report.AddNote(std::move(note));
  }
  SessionSource access(session);
  CarriedOut carried_out =
      CarryOut(session.context(), access, *prepared->source, prepared->newest, pieces, progress);
  const bool lost = carried_out.lost;
  SLUICE_RETURN_IF_ERROR(report.Add(std::move(carried_out)));
  if (lost) {
    return Fail(
        Error{ErrorKind::kTransient, "another runner of this table came in between",
              "the exports that the report names are done; run the rest of the range again"});
  }
  PublishHeartbeat(session.context());
  return {};
}

}  // namespace

RunReport Backfill(const Services& services, const config::Table& table,
                   const BackfillOptions& options) {
  return ReportOn(services, table, options.run,
                  [&](transfer::Progress& progress, ReportBuilder& report) {
                    return BackfillInto(services, table, options, progress, report);
                  });
}

}  // namespace sluice::exporter
