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

std::string_view Name(Health health) {
  switch (health) {
    case Health::kUnknown:
      return "unknown";
    case Health::kRunning:
      return "running";
    case Health::kFailed:
      return "failed";
    case Health::kLate:
      return "late";
    case Health::kStopped:
      return "stopped";
    case Health::kNeverRun:
      return "never_run";
    case Health::kOk:
      return "ok";
  }
  return "unknown";
}

}  // namespace sluice::exporter
