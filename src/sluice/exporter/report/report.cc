#include "sluice/exporter/report/report.h"

namespace sluice::exporter {

std::string_view Name(RunStatus status) {
  switch (status) {
    case RunStatus::kExported:
      return "exported";
    case RunStatus::kNothingNew:
      return "nothing_new";
    case RunStatus::kBusy:
      return "busy";
    case RunStatus::kFailed:
      return "failed";
  }
  return "failed";
}

std::string_view Name(Severity severity) {
  switch (severity) {
    case Severity::kOk:
      return "ok";
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kFault:
      return "fault";
  }
  return "fault";
}

std::string_view Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kUnknown:
      return "unknown";
    case Outcome::kRunning:
      return "running";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kLate:
      return "late";
    case Outcome::kStopped:
      return "stopped";
    case Outcome::kNeverRun:
      return "never_run";
    case Outcome::kOk:
      return "ok";
  }
  return "unknown";
}

}  // namespace sluice::exporter
