#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/error.h"
#include "sluice/base/types.h"
#include "sluice/config/config.h"
#include "sluice/ledger/records.h"

/// What the commands report: plain values that cli/ prints as text or JSON. No I/O.
namespace sluice::exporter {

enum class RunStatus { kExported, kNothingNew, kBusy, kFailed };
std::string_view Name(RunStatus status);

struct WindowReport {
  int64_t n = 0;
  ledger::ExportKind kind = ledger::ExportKind::kWindow;
  ledger::Bound start, end;
  int64_t rows = 0, files = 0, bytes = 0;
};
/// Of a backfill that replaced a part of earlier exports, that part.
WindowReport Summarize(const ledger::Decision& decision);

/// One run of one table. `rows`, `files`, `bytes` are sums over `windows`.
struct RunReport {
  std::string table, name;
  config::Pattern pattern = config::Pattern::kAppend;
  RunStatus status = RunStatus::kNothingNew;
  std::vector<WindowReport> windows;  ///< what became visible by this run, ascending by n
  int64_t rows = 0, files = 0, bytes = 0;
  int64_t copied = 0, spliced = 0, rewritten = 0;  ///< source row groups
  int64_t late_rows = 0;
  int64_t null_watermarks = 0;        ///< rows of the source version that no window ever covers
  int64_t unreadable_watermarks = 0;  ///< the same for values that are not times
  int64_t resumed = 0;                ///< numbers that another run had begun and this one finished
  double seconds = 0;
  std::optional<Error> error;
  std::vector<std::string> notes;  ///< what a person should know: schema changes, resets, voids
};

struct PlannedWindow {
  ledger::ExportKind kind = ledger::ExportKind::kWindow;
  ledger::Bound start, end;
  int64_t source_files = 0;            ///< files that may hold rows of it
  int64_t source_bytes = 0;            ///< compressed, whole files
  std::optional<int64_t> source_rows;  ///< in those files by the log's statistics: an upper bound
  int64_t partitions = 0;              ///< at most this many folders
  int64_t copied_files = 0, spliced_files = 0, rewritten_files = 0;
};

/// What `run` would do. Writes nothing.
struct PlanReport {
  std::string table, name;
  config::Pattern pattern = config::Pattern::kAppend;
  RunStatus status = RunStatus::kNothingNew;  ///< kExported: there is something to export
  Version source_version;
  std::vector<PlannedWindow> windows;
  int64_t unfinished = 0;  ///< numbers that `run` would finish first
  int64_t put_requests = 0, get_requests = 0;
  double cost_usd = 0;  ///< of the requests at S3's list price; 0 for a local destination
  std::optional<Error> error;
  std::vector<std::string> notes;
};

/// How a table stands: the first of these that holds.
enum class Health {
  kUnknown,  ///< the status could not be read
  kRunning,  ///< another process is working on an export
  kFailed,   ///< the last run failed
  kLate,     ///< the export lags further behind than `freshness` allows
  kStopped,  ///< a signal stopped the last run
  kNeverRun,
  kOk,
};
std::string_view Name(Health health);

struct StatusReport {
  std::string table, name;
  config::Pattern pattern = config::Pattern::kAppend;
  Health health = Health::kUnknown;
  std::optional<int64_t> running_export;    ///< kRunning: its number
  std::optional<WindowReport> last_window;  ///< the newest number that moved the end
  std::optional<Timestamp> last_committed, last_run;
  std::optional<Duration> last_run_ago;
  /// Now - exported end (append), age of the first version not exported (cdc, snapshot).
  std::optional<Duration> lag;
  Duration freshness{0};
  bool late = false;
  std::optional<Version> source_version, exported_version;
  std::optional<Duration> retention_left;  ///< until the source may drop what the next run needs
  bool retention_lost = false;             ///< it has dropped it already
  std::string last_error;                  ///< "" if the last run ended well
  /// "" or why coming runs export nothing, or something that does not match the exports so far, each with its
  /// remedy; one per line.
  std::string warning;
  std::string unfinished;      ///< "" or what was decided or begun and is not visible yet
  std::optional<Error> error;  ///< why the status itself could not be read
};

enum class Severity { kOk, kNote, kWarning, kFault };
std::string_view Name(Severity severity);

/// One line of `check`.
struct Finding {
  std::string subject;  ///< "destination", "state", or a table's name
  Severity severity = Severity::kOk;
  std::string message;
  std::string fix;                ///< "" where there is nothing to do
  std::optional<ErrorKind> kind;  ///< of a fault that an error is
};

}  // namespace sluice::exporter
