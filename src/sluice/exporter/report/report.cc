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

WindowReport Summarize(const ledger::Decision& decision) {
  const ledger::Manifest& manifest = decision.manifest;
  WindowReport window;
  window.n = manifest.n;
  window.kind = manifest.kind;
  window.start = manifest.start;
  window.end = manifest.end;
  window.rows = manifest.rows;
  if (manifest.renewed) {
    window.start = manifest.renewed->start;
    window.end = manifest.renewed->end;
    window.rows = manifest.renewed->rows;
    window.files = static_cast<int64_t>(decision.files.size());
    for (const auto& file : decision.files) window.bytes += file.upload.size;
    return window;
  }
  window.files = static_cast<int64_t>(manifest.files.size());
  for (const auto& file : manifest.files) window.bytes += file.size;
  return window;
}

}  // namespace sluice::exporter
