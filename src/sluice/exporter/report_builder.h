#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sluice/exporter/commit/carry_out.h"
#include "sluice/exporter/commit/outcome.h"
#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/run_options.h"
#include "sluice/exporter/session/services.h"

namespace sluice::exporter {

/// Adds up what the steps of a command return, and makes its report of them. Used by one thread.
class ReportBuilder {
 public:
  explicit ReportBuilder(const config::Table& table);

  /// Takes in what was done, and returns what failed after that (Outcome::then, CarriedOut::then).
  Status Add(Outcome outcome);
  Status Add(CarriedOut carried_out);
  /// Of an export that another run had begun.
  Status AddResumed(Outcome outcome);
  void AddNote(std::string note) { report_.notes.push_back(std::move(note)); }
  void AddNotes(std::vector<std::string> notes);
  /// Another runner is at work. Says nothing where something became visible before that.
  void SetBusy();
  bool is_busy() const { return report_.status == RunStatus::kBusy; }

  /// What became visible so far, in order.
  const std::vector<WindowReport>& windows() const { return report_.windows; }

  /// The report of a command that ended with `status`.
  RunReport Finish(Status status, double seconds) &&;

 private:
  void AddWindow(const Published& published);

  const config::Table& table_;
  RunReport report_;
};

/// Times `work` and reports on it, whatever comes of it.
RunReport ReportOn(const Services& services, const config::Table& table, const RunOptions& options,
                   const std::function<Status(transfer::Progress&, ReportBuilder&)>& work);

}  // namespace sluice::exporter
