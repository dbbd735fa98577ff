#include <utility>

#include "sluice/exporter/exporter.h"
#include "sluice/exporter/facts.h"
#include "sluice/exporter/late_rows.h"
#include "sluice/exporter/perform.h"
#include "sluice/exporter/reconcile.h"
#include "sluice/exporter/settle.h"

namespace sluice::exporter {
namespace {

/// Settles what is decided, so that the repair is a number of its own after it. A row that stands in the
/// way of settling is what the repair is for: then the number is left as it is.
Result<ledger::LedgerView> PrepareRepair(Session& session, RunReport& report) {
  transfer::Progress progress;
  SLUICE_ASSIGN_OR_RETURN(ledger::LedgerView view, session.ledger->Load());
  if (view.undecided()) {
    const bool alive =
        view.heartbeat && ledger::Judge(*view.heartbeat, session.services->wall->Now(),
                                        session.runner) == ledger::Liveness::kAlive;
    if (alive) {
      return Fail(Error{ErrorKind::kTransient,
                        fmt::format("export {} is being worked on by {}", view.newest,
                                    view.heartbeat->runner.ToString()),
                        "wait until it ends, or stop it"});
    }
    SLUICE_RETURN_IF_ERROR(VoidUndecided(session, view.newest, view.position(),
                                         "the state was repaired by hand", report));
    SLUICE_ASSIGN_OR_RETURN(view, session.ledger->Load());
  }
  if (view.decision && !view.manifest) {
    auto settled = Settle(session, *view.decision, view.manifest, report);
    if (!settled && settled.error().kind != ErrorKind::kConflict) {
      return Fail(std::move(settled).error());
    }
    SLUICE_ASSIGN_OR_RETURN(view, session.ledger->Load());
  }
  if (view.decision && !view.manifest) {
    return Fail(Error{
        ErrorKind::kConflict, fmt::format("export {} is decided and not yet visible", view.newest),
        fmt::format("finish it with `sluice run {0}`, or give it up with `sluice state "
                    "void {0}`",
                    session.name())});
  }
  return view;
}

Status Reset(const Services& services, const config::Table& table,
             const std::optional<Timestamp>& value, RunReport& report) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, PrepareRepair(session, report));
  Performance reset;
  reset.n = view.newest + 1;
  plan::PlannedExport& planned = reset.planned;
  planned.kind = ledger::ExportKind::kReset;
  planned.start = view.position().end;
  planned.state_forced = true;
  planned.state_expected = view.position().end;
  if (value) {
    // What is late is counted from here on, so the source's version of today is needed.
    SLUICE_ASSIGN_OR_RETURN(const AppendSource source,
                            LookAtSource(session, view.position(), std::nullopt));
    planned.position = view.position();
    planned.position.end = *value;
    if (std::holds_alternative<std::monostate>(planned.position.first_start)) {
      planned.position.first_start = *value;
    }
    planned.position.scanned_through = source.facts.source_version;
    planned.position.table_id = source.facts.table_id;
    planned.position.exported_schema = source.facts.exported_schema;
    planned.position.column_choice = source.facts.column_choice;
    planned.source_version = source.facts.source_version;
    planned.end = *value;
    planned.state_value = *value;
    planned.reason = "state set by hand";
  } else {
    planned.state_forget = true;
    planned.source_version = view.position().scanned_through.value_or(Version{0});
    planned.reason = "state forgotten by hand";
  }
  transfer::Progress progress;
  SLUICE_ASSIGN_OR_RETURN(const Performed performed,
                          Perform(session, std::move(reset), progress, report));
  if (performed == Performed::kLost) {
    return Fail(ErrorKind::kTransient, "another runner of this table came first");
  }
  TellAlive(session);
  return {};
}

}  // namespace

RunReport StateSet(const Services& services, const config::Table& table, const std::string& value) {
  return ReportOn(services, table, RunOptions{},
                  [&](transfer::Progress&, RunReport& report) -> Status {
                    const auto time = ParseTimestamp(value, table.timezone);
                    if (!time) return Status(Fail(Error(time.error())));
                    return Reset(services, table, *time, report);
                  });
}

RunReport StateForget(const Services& services, const config::Table& table) {
  return ReportOn(services, table, RunOptions{},
                  [&](transfer::Progress&, RunReport& report) -> Status {
                    return Reset(services, table, std::nullopt, report);
                  });
}

RunReport StateVoid(const Services& services, const config::Table& table) {
  return ReportOn(
      services, table, RunOptions{}, [&](transfer::Progress&, RunReport& report) -> Status {
        SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
        SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, session.ledger->Load());
        if (!view.decision || view.manifest || view.decision->is_void()) {
          return Status(
              Fail(Error{ErrorKind::kUsage, "there is no decided export that is not yet visible",
                         "an export that is published can be replaced by `sluice backfill "
                         "--again`"}));
        }
        return VoidDecided(session, *view.decision, "given up by hand", report);
      });
}

}  // namespace sluice::exporter
