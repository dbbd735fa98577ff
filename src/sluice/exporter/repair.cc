#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sluice/exporter/commit/owner.h"
#include "sluice/exporter/commit/perform.h"
#include "sluice/exporter/commit/reconcile.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/exporter/commit/void_export.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/inspect/repair_advice.h"
#include "sluice/exporter/report_builder.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/ledger/chain_check.h"
#include "sluice/ledger/in_force.h"

namespace sluice::exporter {
namespace {

/// Settles what is decided, so that the repair is an export of its own after it. A row that stands in the
/// way of settling is what the repair is for: then the export is left as it is.
Result<ledger::LedgerView> PrepareRepair(Session& session, ReportBuilder& report) {
  SLUICE_ASSIGN_OR_RETURN(ledger::LedgerView view, session.ledger->Load());
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
    SLUICE_ASSIGN_OR_RETURN(view, session.ledger->Load());
  }
  if (view.decision && !view.manifest) {
    SessionSource access(session);
    auto settled = Settle(session.context(), access, *view.decision, view.manifest);
    Status status = settled ? report.Add(*std::move(settled)) : Fail(std::move(settled).error());
    if (!status && status.error().kind != ErrorKind::kConflict) {
      return Fail(std::move(status).error());
    }
    SLUICE_ASSIGN_OR_RETURN(view, session.ledger->Load());
  }
  if (view.decision && !view.manifest) {
    return Fail(Error{ErrorKind::kConflict,
                      fmt::format("export {} is decided and not yet visible", view.newest),
                      fmt::format("finish it with `sluice run {0}`, or void it with `sluice state "
                                  "void {0}`",
                                  session.name())});
  }
  return view;
}

/// `value` as a position of the table: a time (append) or a version (cdc).
Result<ledger::Bound> ParsePosition(const config::Table& table, const std::string& value) {
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
  if (error == std::errc() && stop == end && version >= 0) return ledger::Bound(Version{version});
  return Fail(Error{ErrorKind::kUsage, fmt::format("'{}' is not a version", value),
                    "give the last version that counts as exported, e.g. 42"});
}

Status Reset(const Services& services, const config::Table& table,
             const std::optional<ledger::Bound>& value, bool skip, ReportBuilder& report) {
  // What moved to another place is taken over by just such a repair.
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table, {.take_over = true}));
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, PrepareRepair(session, report));
  Job reset;
  reset.n = view.newest + 1;
  plan::PlannedExport& planned = reset.planned;
  planned.start = view.position().end;
  planned.state_forced = true;
  planned.state_expected = view.position().end;
  if (value) {
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

/// Where the ledger is another's, these commands take it over if its exports are there.
Result<std::string> TakesOver(const Error& error) {
  if (error.kind != ErrorKind::kConflict) return Fail(error);
  return fmt::format("{}; it will be taken over, and refused to the other from then on",
                     error.message);
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
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, session->ledger->Load());
  const ledger::Bound& end = view.position().end;
  const auto from = ledger::ValueOf(end), to = ledger::ValueOf(value);
  if (!from) {
    return fmt::format("nothing of {} is exported yet; the first window will begin after {}",
                       table.name, ledger::ToText(value));
  }
  const std::string stands =
      fmt::format("the exports of {} stand at {}", table.name, ledger::ToText(end));
  if (*to == *from) return stands + ", where the state is set to; nothing is lost";
  if (*to > *from) {
    return fmt::format("{}; no run will export {}, which {}", stands, ledger::RangeText(end, value),
                       options.skip ? "is recorded as intended"
                                    : "`check` and `verify` report as a gap (--skip records it as "
                                      "intended)");
  }
  return fmt::format(
      "{}; the next run will export {} again, and readers of folders see those rows twice for good "
      "(`sluice backfill {} --from {} --to {} --again` would replace them)",
      stands, ledger::RangeText(value, end), table.name, ledger::ToText(value),
      ledger::ToText(end));
}

Result<std::string> ExplainStateForget(const Services& services, const config::Table& table) {
  const auto session = OpenSession(services, table);
  if (!session) return TakesOver(session.error());
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, session->ledger->Load());
  if (view.newest_decided() == 0) {
    return fmt::format("nothing of {} is exported yet; its row in _export_state is removed",
                       table.name);
  }
  return fmt::format(
      "the exports of {} stand at {}; the next run will start again as `start` says, and readers "
      "of "
      "folders see a second copy of the same rows beside the first, until `sluice prune` removes "
      "the "
      "first a day after the new exports hold all of it (--replaced-now: at once)",
      table.name, ledger::ToText(view.position().end));
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
