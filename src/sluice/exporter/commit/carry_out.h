#pragma once

#include <string>
#include <vector>

#include "sluice/exporter/commit/outcome.h"
#include "sluice/exporter/source/pattern_source.h"
#include "sluice/transfer/progress.h"

namespace sluice::exporter {

/// How far planned exports were carried out.
struct CarriedOut {
  std::vector<Outcome> outcomes;   ///< one an export, in their order
  std::vector<std::string> notes;  ///< about what was not exported
  int64_t late_rows = 0;           ///< counted and, as `late_rows: report` wants, not exported
  /// Another runner took an export, or one was voided: the rest was planned from a position that is out of
  /// date, so it was not begun.
  bool lost = false;
  Status then;  ///< why the rest was not begun; what is above is done all the same
};

/// Carries out `exports`, which were planned when `newest` was the newest export and settled: numbered from
/// newest + 1 on, in their order. Late rows are counted before an export is begun for them: commits that only
/// rewrote rows leave no empty export. `source`: that of `access`, from which they were planned.
CarriedOut CarryOut(const CommitContext& context, SourceAccess& access, PatternSource& source,
                    int64_t newest, const std::vector<plan::PlannedExport>& exports,
                    transfer::Progress& progress);

}  // namespace sluice::exporter
