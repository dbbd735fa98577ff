#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "sluice/base/time_zone.h"
#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/confirm.h"
#include "sluice/cli/output.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/session/session.h"
#include "sluice/state/export_state.h"

namespace sluice::cli {
namespace {

struct Shown {
  std::string place;
  state::StateView view;  ///< only the rows asked for
};

/// Without names: every row, those of other writers' tables included.
Result<Shown> ReadState(const Context& context, const std::vector<std::string>& names) {
  SLUICE_ASSIGN_OR_RETURN(const Selection selection, LoadAndSelect(context, names));
  const auto& services = selection.loaded.services;
  SLUICE_ASSIGN_OR_RETURN(const exporter::Places places, exporter::FindPlaces(services));
  SLUICE_ASSIGN_OR_RETURN(
      auto store, services.open_store(places.state, exporter::StoreRole::kState, services.cancel));
  Shown shown{places.state.ToString(), {}};
  SLUICE_ASSIGN_OR_RETURN(
      shown.view, state::ExportState(std::move(store), services.wall, services.entropy).Read());
  if (names.empty()) return shown;
  std::erase_if(shown.view.rows, [&](const state::StateRow& row) {
    return std::none_of(selection.tables.begin(), selection.tables.end(),
                        [&](const auto* table) { return table->table == row.source_table; });
  });
  return shown;
}

Json TimeJson(const std::optional<Timestamp>& t) {
  return t ? Json(FormatTimestamp(*t)) : Json(nullptr);
}

Json ToJson(const Shown& shown) {
  Json rows = Json::array();
  for (const auto& row : shown.view.rows) {
    rows.push_back(
        {{"source_table", row.source_table},
         {"last_exported_end_time", TimeJson(row.last_exported_end_time)},
         {"last_exported_version",
          row.last_exported_version ? Json(row.last_exported_version->value) : Json(nullptr)},
         {"last_run_timestamp", TimeJson(row.last_run_timestamp)}});
  }
  return {{"state", shown.place},
          {"version", shown.view.exists ? Json(shown.view.version.value) : Json(nullptr)},
          {"rows", std::move(rows)}};
}

std::string Describe(const Shown& shown) {
  if (!shown.view.exists) {
    return fmt::format("{}: the state table does not exist yet; the first run creates it",
                       shown.place);
  }
  std::string text = fmt::format("{}, version {}", shown.place, shown.view.version.value);
  if (shown.view.rows.empty()) return text + ": no row";
  const auto time = [](const std::optional<Timestamp>& t) {
    return t ? FormatTimestamp(*t) : std::string("NULL");
  };
  for (const auto& row : shown.view.rows) {
    text += fmt::format(
        "\n{}\n  last_exported_end_time  {}\n  last_exported_version   {}\n"
        "  last_run_timestamp      {}",
        row.source_table, time(row.last_exported_end_time),
        row.last_exported_version ? fmt::format("{}", row.last_exported_version->value) : "NULL",
        time(row.last_run_timestamp));
  }
  return text;
}

/// The export that the repair became; 0 where it failed.
int64_t NumberOf(const exporter::RunReport& report) {
  return report.windows.empty() ? 0 : report.windows.back().n;
}

using RepairWork =
    std::function<exporter::RunReport(const exporter::Services&, const config::Table&)>;
using RepairText = std::function<std::string(const exporter::RunReport&)>;

/// What a repair would do; nullptr for one that loses nothing.
using Consequence =
    std::function<Result<std::string>(const exporter::Services&, const config::Table&)>;

/// Errors are those of the repair itself, before it begins.
Status ConfirmRepair(const Context& context, const OneTable& one, bool yes,
                     const Consequence& consequence) {
  if (yes || !consequence) return {};
  SLUICE_ASSIGN_OR_RETURN(const std::string words, consequence(one.loaded.services, *one.table));
  return Confirm(context, yes, words);
}

int Repair(const Context& context, const std::string& name, const RepairWork& repair,
           const RepairText& text, bool yes = true, const Consequence& consequence = nullptr) {
  const auto one = LoadAndSelectOne(context, name);
  if (!one) return Report(one.error(), context);
  const auto confirmed = ConfirmRepair(context, *one, yes, consequence);
  if (!confirmed) return Report(confirmed.error(), context);
  const exporter::RunReport report = repair(one->loaded.services, *one->table);
  if (context.json) {
    const int code = report.error ? ExitCodeOf(*report.error, context) : kExitOk;
    PrintAnswer(context, {{"runs", Json::array({cli::ToJson(report)})}}, code);
    return code;
  }
  if (report.error) return Report(*report.error, context);
  if (!context.quiet) {
    PrintLine(fmt::format("{}: {}", report.name, text(report)));
    for (const auto& note : report.notes) PrintLine("    " + note);
  }
  return kExitOk;
}

}  // namespace

int Execute(const Context& context, const StateShowCommand& command) {
  const auto shown = ReadState(context, command.names);
  if (!shown) return Report(shown.error(), context);
  if (context.json) {
    PrintAnswer(context, ToJson(*shown), kExitOk);
  } else {
    PrintLine(Describe(*shown));
  }
  return kExitOk;
}

int Execute(const Context& context, const StateSetCommand& command) {
  return Repair(
      context, command.name,
      [&](const auto& services, const auto& table) {
        return exporter::StateSet(services, table, {command.value, command.skip});
      },
      [](const exporter::RunReport& report) {
        return fmt::format("the next run continues after {} (export {}, a reset)",
                           ledger::ToText(report.windows.back().end), NumberOf(report));
      },
      command.yes,
      [&](const auto& services, const auto& table) {
        return exporter::ExplainStateSet(services, table, {command.value, command.skip});
      });
}

int Execute(const Context& context, const StateSkipCommand& command) {
  return Repair(
      context, command.name,
      [&](const auto& services, const auto& table) {
        return exporter::StateSkip(services, table, {command.from, command.to});
      },
      [](const exporter::RunReport& report) {
        const auto& window = report.windows.back();
        return fmt::format("({}, {}] is left out on purpose (export {}, a reset)",
                           ledger::ToText(window.start), ledger::ToText(window.end),
                           NumberOf(report));
      });
}

int Execute(const Context& context, const StateForgetCommand& command) {
  return Repair(
      context, command.name,
      [](const auto& services, const auto& table) {
        return exporter::StateForget(services, table);
      },
      [](const exporter::RunReport& report) {
        return fmt::format("forgotten: the next run is a first run (export {}, a reset)",
                           NumberOf(report));
      },
      command.yes, exporter::ExplainStateForget);
}

int Execute(const Context& context, const StateVoidCommand& command) {
  return Repair(
      context, command.name,
      [](const auto& services, const auto& table) { return exporter::StateVoid(services, table); },
      [](const exporter::RunReport&) {
        return std::string("voided: the next run exports its window again");
      });
}

int Execute(const Context& context, const StateRepublishCommand& command) {
  return Repair(
      context, command.name,
      [](const auto& services, const auto& table) {
        return exporter::StateRepublish(services, table);
      },
      [](const exporter::RunReport& report) {
        return fmt::format("{} written again from the decisions in the ledger",
                           Plural(std::ssize(report.windows), "manifest"));
      });
}

}  // namespace sluice::cli
