#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/exporter/report/report.h"
#include "sluice/ledger/records.h"

namespace sluice::exporter {

/// One export that this runner made visible.
struct Published {
  WindowReport window;
  int64_t row_groups_copied = 0, row_groups_spliced = 0, row_groups_rewritten = 0;
  int64_t null_watermarks = 0, unreadable_watermarks = 0;
};
Published PublishedBy(const ledger::Decision& decision);

/// The same export, made visible by another runner.
struct PublishedByOther {};
/// It was voided: nothing of it is visible.
struct Voided {};
/// Another runner began or decided this export first: what was planned is out of date.
struct Lost {};

/// How work on one export ended.
struct Outcome {
  std::variant<Published, PublishedByOther, Voided, Lost> how = Lost{};
  std::vector<std::string> notes;  ///< what a person should know
  /// What failed after that: the export is as `how` says, and the state could not follow.
  Status then;

  const Published* published() const { return std::get_if<Published>(&how); }
  /// The export is visible as it was planned, so that the next one may begin.
  bool is_visible() const {
    return published() != nullptr || std::holds_alternative<PublishedByOther>(how);
  }
};

}  // namespace sluice::exporter
