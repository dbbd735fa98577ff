#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sluice/exporter/commit/lost_end.h"
#include "sluice/exporter/commit/owner.h"
#include "sluice/exporter/commit/perform.h"
#include "sluice/exporter/commit/reconcile.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/commit/void_export.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/inspect/repair_advice.h"
#include "sluice/exporter/report_builder.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/ledger/chain_check.h"
#include "sluice/ledger/in_force.h"
#include "sluice/plan/append_plan.h"
#include "sluice/plan/source_facts.h"

namespace sluice::exporter {
namespace {

/// The highest number that anything remembers as settled. What cannot be read is passed over: a repair is what
/// leads out of that.
Result<int64_t> SettledForRepair(const Session& session, const ledger::LedgerView& view) {
  int64_t settled = std::max(view.settled, session.ledger->NotedAsSettled());
  if (!KeepsState(*session.table)) return settled;
  SLUICE_ASSIGN_OR_RETURN(const auto followed,
                          session.state->FollowedThrough(session.context().app_id()));
  return std::max(settled, followed.value_or(0));
}

/// Settles what is decided, so that the repair is an export of its own after it. A row that stands in the
/// way of settling is what the repair is for: then the export is left as it is.
Result<ledger::LedgerView> PrepareRepair(Session& session, ReportBuilder& report) {
  SLUICE_ASSIGN_OR_RETURN(ledger::LedgerView view, session.ledger->Load(ledger::Loss::kAccept));
  if (view.undecided()) {
    const Owner owner = FindOwner(session.context(), view);
    if (owner.alive) {
      return Fail(
          Error{ErrorKind::kTransient,
                fmt::format("{} is working on export {}", owner.runner.ToString(), view.newest),
                "wait until it ends, or stop it"});
    }
    SLUICE_ASSIGN_OR_RETURN(Outcome voided,
                            VoidUndecided(session.context(), view.newest, view.position(),
                                          {"the state was repaired by hand", {}}));
    SLUICE_RETURN_IF_ERROR(report.Add(std::move(voided)));
    SLUICE_ASSIGN_OR_RETURN(view, session.ledger->Load(ledger::Loss::kAccept));
  }
  if (view.decision && !view.manifest) {
    SessionSource access(session);
    auto settled = Settle(session.context(), access, *view.decision, view.manifest);
    Status status = settled ? report.Add(*std::move(settled)) : Fail(std::move(settled).error());
    if (!status && status.error().kind != ErrorKind::kConflict) {
      return Fail(std::move(status).error());
    }
    SLUICE_ASSIGN_OR_RETURN(view, session.ledger->Load(ledger::Loss::kAccept));
  }
  if (view.decision && !view.manifest) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("export {} is decided and not yet visible", view.newest),
                      fmt::format("finish it with `sluice run {0}`, or void it with `sluice state "
                                  "void {0}`",
                                  session.name())});
  }
  SLUICE_ASSIGN_OR_RETURN(const int64_t settled, SettledForRepair(session, view));
  if (settled <= view.newest_decided()) return view;
  SLUICE_ASSIGN_OR_RETURN(auto given_up, VoidLostEnd(session.context(), view, settled));
  report.AddNotes(std::move(given_up));
  return session.ledger->Load();
}

/// `value` as a position of the table: a time (append) or a version (cdc), `least` or more.
Result<ledger::Bound> ParsePosition(const config::Table& table, const std::string& value,
                                    int64_t least = 0) {
  if (table.is_append()) {
    SLUICE_ASSIGN_OR_RETURN(const Timestamp time, ParseTimestamp(value, table.timezone));
    return ledger::Bound(time);
  }
  if (table.is_snapshot()) {
    return Fail(Error{ErrorKind::kUsage, "pattern snapshot keeps no position in _export_state",
                      "`sluice run` exports the whole table each time"});
  }
  int64_t version = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, version);
  if (error == std::errc() && stop == end && version >= least)
    return ledger::Bound(Version{version});
  return Fail(Error{ErrorKind::kUsage, fmt::format("'{}' is not a version", value),
                    "give the last version that counts as exported, e.g. 42"});
}

/// Before the first run: where that would begin, if what is set lies beyond it. What lies between is then left out.
Result<ledger::Bound> FirstStart(Session& session, const ledger::Position& position,
                                 const ledger::Bound& value) {
  if (!std::holds_alternative<std::monostate>(position.end)) return position.end;
  SLUICE_ASSIGN_OR_RETURN(const auto ranges, LookAtRanges(session, position, {}));
  SLUICE_ASSIGN_OR_RETURN(const int64_t first, ranges->RangeLimit());
  if (first >= *ledger::ValueOf(value)) return ledger::Bound();
  if (session.table->is_append()) return ledger::Bound(Timestamp{first});
  return ledger::Bound(Version{first});
}

Status PutReset(Session& session, Job reset, ReportBuilder& report) {
  transfer::Progress progress;
  SessionSource access(session);
  SLUICE_ASSIGN_OR_RETURN(Outcome outcome,
                          Perform(session.context(), access, std::move(reset), progress));
  const bool done = outcome.is_visible();
  SLUICE_RETURN_IF_ERROR(report.Add(std::move(outcome)));
  if (!done) return Fail(ErrorKind::kTransient, "another runner of this table came first");
  PublishHeartbeat(session.context());
  return {};
}

Status Reset(const Services& services, const config::Table& table,
             const std::optional<ledger::Bound>& value, bool skip, ReportBuilder& report) {
  // What moved to another place is taken over by just such a repair.
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table, {.take_over = true}));
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, PrepareRepair(session, report));
  // A ledger that has begun lies where earlier runs made sure that it may.
  if (view.newest == 0) SLUICE_RETURN_IF_ERROR(FindSource(session));
  Job reset;
  reset.n = view.newest + 1;
  plan::PlannedExport& planned = reset.planned;
  planned.start = view.position().end;  // of `forget`
  planned.state_forced = true;
  planned.state_expected = view.position().end;
  if (value) {
    SLUICE_RETURN_IF_ERROR(RequireStateWritable(session.context()));
    // What is late is counted from here on, so the source's version of today is needed.
    SLUICE_ASSIGN_OR_RETURN(const auto source,
                            LookAtSource(session, view.position(), SourceOptions{}));
    const plan::SourceFacts& facts = source->facts();
    const auto* version = std::get_if<Version>(&*value);
    if (version != nullptr && *version > facts.source_version) {
      return Fail(Error{ErrorKind::kUsage,
                        fmt::format("version {} is beyond the source's latest, {}: nothing that it "
                                    "gets until then would be exported",
                                    version->value, facts.source_version.value),
                        fmt::format("give the last version that counts as exported, {} at most",
                                    facts.source_version.value)});
    }
    SLUICE_ASSIGN_OR_RETURN(planned.start, FirstStart(session, view.position(), *value));
    planned.position = plan::PositionAfter(view.position(), facts, *value, *value);
    planned.position.newest_commit.reset();
    planned.source_version = facts.source_version;
    planned.end = *value;
    planned.state_value = *value;
    planned.what = plan::PlannedReset{"state set by hand", skip};
  } else {
    planned.what =
        plan::PlannedReset{"state forgotten by hand", /*skipped=*/false, /*forget=*/true};
    // Folders of snapshots stay where they are: the next one gets a time, and a folder, of its own.
    planned.position.newest_snapshot = view.position().newest_snapshot;
    planned.source_version = view.position().scanned_through.value_or(Version{0});
  }
  return PutReset(session, std::move(reset), report);
}

Status Skip(const Services& services, const config::Table& table, const StateSkipOptions& options,
            ReportBuilder& report) {
  SLUICE_ASSIGN_OR_RETURN(const ledger::Bound from, ParsePosition(table, options.from, -1));
  SLUICE_ASSIGN_OR_RETURN(const ledger::Bound to, ParsePosition(table, options.to));
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, PrepareRepair(session, report));
  const ledger::Position& stands = view.position();
  if (from >= to) {
    return Fail(Error{ErrorKind::kUsage,
                      fmt::format("the range {} is empty", ledger::RangeText(from, to)),
                      "give --from something before --to"});
  }
  if (stands.end.index() != to.index() || to > stands.end) {
    return Fail(Error{ErrorKind::kUsage,
                      fmt::format("{} is not passed yet: the exports stand at {}",
                                  ledger::RangeText(from, to), ledger::ToText(stands.end)),
                      fmt::format("to go on from there, `sluice state set {} {} --skip`",
                                  table.name, ledger::ToText(to))});
  }
  Job reset;
  reset.n = view.newest + 1;
  reset.planned.what = plan::PlannedReset{ledger::kSkippedByHand, /*skipped=*/true};
  reset.planned.start = from;
  reset.planned.end = to;
  reset.planned.position = stands;
  reset.planned.state_expected = stands.end;
  reset.planned.source_version = stands.scanned_through.value_or(Version{0});
  return PutReset(session, std::move(reset), report);
}

/// Where the ledger is another's, these commands take it over if its exports are there.
Result<std::string> TakesOver(const Error& error) {
  if (error.kind != ErrorKind::kConflict) return Fail(error);
  return fmt::format("{}; it will be taken over, and refused to the other from then on",
                     error.message);
}

/// What becomes of exports whose records are lost; "" where none are.
Result<std::string> ExplainLoss(const Session& session, const ledger::LedgerView& view) {
  SLUICE_ASSIGN_OR_RETURN(const int64_t settled, SettledForRepair(session, view));
  const int64_t first = view.newest_decided() + 1;
  if (settled < first) return std::string();
  return fmt::format(
      "the records of {} are lost and are given up: `sluice prune` will remove what is left of "
      "{} files; ",
      first == settled ? fmt::format("export {}", first)
                       : fmt::format("exports {} to {}", first, settled),
      first == settled ? "its" : "their");
}

std::string DescribeSet(const config::Table& table, const ledger::Bound& end,
                        const ledger::Bound& value, bool skip) {
  const auto from = ledger::ValueOf(end), to = ledger::ValueOf(value);
  if (!from) {
    return fmt::format(
        "nothing of {} is exported yet; the first window will begin after {}, and no "
        "run will export what lies before it, which {}",
        table.name, ledger::ToText(value),
        skip ? "is recorded as intended"
             : "`check` and `verify` report as a gap (--skip records it as intended)");
  }
  const std::string stands =
      fmt::format("the exports of {} stand at {}", table.name, ledger::ToText(end));
  if (*to == *from) return stands + ", where the state is set to; nothing is lost";
  if (*to > *from) {
    return fmt::format("{}; no run will export {}, which {}", stands, ledger::RangeText(end, value),
                       skip ? "is recorded as intended"
                            : "`check` and `verify` report as a gap (--skip records it as "
                              "intended)");
  }
  return fmt::format(
      "{}; the next run will export {} again, and readers of folders see those rows twice for good "
      "(`sluice backfill {} --from {} --to {} --again` would replace them)",
      stands, ledger::RangeText(value, end), table.name, ledger::ToText(value),
      ledger::ToText(end));
}

/// Where a first run would begin; nullopt where only the source could tell, or where it begins with the whole table.
std::optional<int64_t> NewBeginning(const Session& session) {
  const config::Table& table = *session.table;
  if (table.is_append()) {
    plan::SourceFacts facts;
    facts.now = session.services->clock->Now();
    return plan::BackfillLimit(table, facts).micros;
  }
  if (!table.is_cdc()) return std::nullopt;
  const auto* number = std::get_if<config::StartVersion>(&table.cdc().start);
  return number == nullptr ? std::nullopt : std::optional(number->first.value - 1);
}

/// What lies on both sides of `beginning`: nothing that comes will hold all of its time, so no prune removes it.
/// Monostate where nothing does.
struct Straddling {
  ledger::Bound from, to;
};
Result<Straddling> FindStraddling(const Session& session, int64_t beginning) {
  SLUICE_ASSIGN_OR_RETURN(const auto manifests, session.ledger->ReadManifests());
  Straddling found;
  for (const auto& manifest : ledger::InForce(manifests)) {
    const auto extent = ledger::ExtentOf(manifest);
    if (!extent || manifest.rows == 0) continue;
    if (extent->start >= beginning || extent->end <= beginning) continue;
    const bool is_first = std::holds_alternative<std::monostate>(found.from);
    if (is_first || manifest.start < found.from) found.from = manifest.start;
    if (is_first || manifest.end > found.to) found.to = manifest.end;
  }
  return found;
}

Result<std::string> DescribeForget(const Session& session, const ledger::LedgerView& view) {
  const config::Table& table = *session.table;
  if (view.newest_decided() == 0) {
    return fmt::format("nothing of {} is exported yet; its row in _export_state is removed",
                       table.name);
  }
  const std::string stands = fmt::format("the exports of {} stand at {}; ", table.name,
                                         ledger::ToText(view.position().end));
  if (table.is_snapshot()) {
    return stands +
           "the next run exports a whole snapshot as ever, and the old ones stay until "
           "`keep` drops them";
  }
  const auto beginning = NewBeginning(session);
  if (!beginning) {
    return stands +
           "the next run begins the feed anew as `start` says; what was exported stays, and "
           "readers who loaded it begin anew, too";
  }
  std::string text =
      stands +
      "the next run will start again as `start` says, and readers of folders see a second copy of "
      "the same rows beside the first, until `sluice prune` removes the first a day after the new "
      "exports hold all of it (--replaced-now: at once)";
  SLUICE_ASSIGN_OR_RETURN(const auto both, FindStraddling(session, *beginning));
  if (std::holds_alternative<std::monostate>(both.from)) return text;
  return text +
         fmt::format(
             "; but exports of {} begin before `start` and reach beyond it: the new ones will "
             "not hold all of that, and what both hold stays there twice until you run "
             "`sluice backfill {} --from {} --to {} --again` after the next run, and then "
             "`sluice prune`",
             ledger::RangeText(both.from, both.to), table.name, ledger::ToText(both.from),
             ledger::ToText(both.to));
}

/// kConflict where a file of an export that later ones followed is gone: settling it would void it, and leave a
/// gap behind those that chain after it.
Status RequireFiles(const Session& session, const ledger::Decision& decision) {
  if (decision.is_void()) return {};
  for (const auto& file : decision.files) {
    SLUICE_ASSIGN_OR_RETURN(const bool holds,
                            store::HoldsUpload(*session.destination, file.upload));
    if (holds) continue;
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("{} of export {} is gone, so its manifest can't be written again",
                                  file.upload.key, decision.n),
                      RepairAdvice(session.name(), decision.manifest)});
  }
  return {};
}

}  // namespace

RunReport StateSet(const Services& services, const config::Table& table,
                   const StateSetOptions& options) {
  return ReportOn(services, table, RunOptions{},
                  [&](transfer::Progress&, ReportBuilder& report) -> Status {
                    const auto position = ParsePosition(table, options.value);
                    if (!position) return Status(Fail(Error(position.error())));
                    return Reset(services, table, *position, options.skip, report);
                  });
}

Result<std::string> ExplainStateSet(const Services& services, const config::Table& table,
                                    const StateSetOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const ledger::Bound value, ParsePosition(table, options.value));
  const auto session = OpenSession(services, table);
  if (!session) return TakesOver(session.error());
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view,
                          session->ledger->Load(ledger::Loss::kAccept));
  SLUICE_ASSIGN_OR_RETURN(const std::string lost, ExplainLoss(*session, view));
  return lost + DescribeSet(table, view.position().end, value, options.skip);
}

Result<std::string> ExplainStateForget(const Services& services, const config::Table& table) {
  const auto session = OpenSession(services, table);
  if (!session) return TakesOver(session.error());
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view,
                          session->ledger->Load(ledger::Loss::kAccept));
  SLUICE_ASSIGN_OR_RETURN(const std::string lost, ExplainLoss(*session, view));
  SLUICE_ASSIGN_OR_RETURN(const std::string words, DescribeForget(*session, view));
  return lost + words;
}

RunReport StateSkip(const Services& services, const config::Table& table,
                    const StateSkipOptions& options) {
  return ReportOn(services, table, RunOptions{},
                  [&](transfer::Progress&, ReportBuilder& report) -> Status {
                    return Skip(services, table, options, report);
                  });
}

RunReport StateForget(const Services& services, const config::Table& table) {
  return ReportOn(services, table, RunOptions{},
                  [&](transfer::Progress&, ReportBuilder& report) -> Status {
                    return Reset(services, table, std::nullopt, /*skip=*/false, report);
                  });
}

RunReport StateVoid(const Services& services, const config::Table& table) {
  return ReportOn(
      services, table, RunOptions{}, [&](transfer::Progress&, ReportBuilder& report) -> Status {
        SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
        SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, session.ledger->Load());
        SLUICE_RETURN_IF_ERROR(RequireNoLostEnd(session.context(), view));
        if (!view.decision || view.manifest || view.decision->is_void()) {
          return Status(
              Fail(Error{ErrorKind::kUsage, "there is no decided export that is not yet visible",
                         "an export that is published can be replaced by `sluice backfill "
                         "--again`"}));
        }
        SLUICE_ASSIGN_OR_RETURN(
            Outcome voided, VoidDecided(session.context(), *view.decision, {"voided by hand", {}}));
        return report.Add(std::move(voided));
      });
}

RunReport StateRepublish(const Services& services, const config::Table& table) {
  return ReportOn(
      services, table, RunOptions{}, [&](transfer::Progress&, ReportBuilder& report) -> Status {
        SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
        SLUICE_ASSIGN_OR_RETURN(const auto numbers, session.ledger->ListNumbers());
        const auto unpublished = numbers.Unpublished();
        if (unpublished.empty()) {
          return Fail(
              Error{ErrorKind::kUsage, "no manifest is missing", "nothing needs to be done"});
        }
        SLUICE_RETURN_IF_ERROR(OpenSource(session));
        SessionSource access(session);
        const int64_t newest = std::max(*numbers.decided.rbegin(),
                                        numbers.begun.empty() ? 0 : *numbers.begun.rbegin());
        for (const int64_t n : unpublished) {
          SLUICE_ASSIGN_OR_RETURN(auto decision, session.ledger->ReadDecision(n));
          if (!decision) continue;
          // An older one was visible before: what is gone of it is for a person to put back.
          if (n < newest) SLUICE_RETURN_IF_ERROR(RequireFiles(session, *decision));
          SLUICE_ASSIGN_OR_RETURN(
              Outcome outcome,
              Settle(session.context(), access, *std::move(decision), /*manifest_exists=*/false));
          SLUICE_RETURN_IF_ERROR(report.Add(std::move(outcome)));
        }
        return {};
      });
}

}  // namespace sluice::exporter
