#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/run_options.h"
#include "sluice/exporter/session/services.h"

/// The commands, as functions. Each works on one table, returns what happened as a value, and never
/// throws. Functions on different tables may run concurrently.
namespace sluice::exporter {

/// Settles what earlier runs left, then exports what is new.
RunReport RunTable(const Services& services, const config::Table& table, const RunOptions& options);

/// What RunTable would do now; writes nothing.
PlanReport PlanTable(const Services& services, const config::Table& table,
                     const RunOptions& options);

struct BackfillOptions {
  std::string from, to;  ///< as the user wrote them: times (append) or versions (cdc)
  std::optional<std::string> chunk;
  bool again = false;
  RunOptions run;
};
RunReport Backfill(const Services& services, const config::Table& table,
                   const BackfillOptions& options);

/// `state set`: the next window begins at `value` (a time or a version). `state forget`: the next run
/// is a first run. `state void`: voids a decided export that cannot or must not be finished. Each is a
/// numbered reset (or void), which the report's windows name.
struct StateSetOptions {
  std::string value;  ///< a time (append) or a version (cdc), as the user wrote it
  bool skip =
      false;  ///< what is passed over is left out on purpose: no gap to `check` and `verify`
};
RunReport StateSet(const Services& services, const config::Table& table,
                   const StateSetOptions& options);
/// What these two would do to the exports of a table, in words for the person who decides. Write nothing.
Result<std::string> ExplainStateSet(const Services& services, const config::Table& table,
                                    const StateSetOptions& options);
Result<std::string> ExplainStateForget(const Services& services, const config::Table& table);

/// `state skip`: says that what no export holds of a range before the position is left out on purpose. Moves nothing.
struct StateSkipOptions {
  std::string from, to;  ///< as for a backfill
};
RunReport StateSkip(const Services& services, const config::Table& table,
                    const StateSkipOptions& options);

RunReport StateForget(const Services& services, const config::Table& table);
RunReport StateVoid(const Services& services, const config::Table& table);

/// `state republish`: writes again, from their decisions, the manifests that somebody took away; the
/// report's windows name them.
RunReport StateRepublish(const Services& services, const config::Table& table);

}  // namespace sluice::exporter
