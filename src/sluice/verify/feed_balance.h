#pragma once

#include <arrow/type_fwd.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sluice/exporter/session.h"
#include "sluice/verify/row_totals.h"

namespace sluice::verify {

/// Pattern B: shows that a partner who loads the seed of version V and applies every change up to W holds
/// exactly the source at W, by sums of row hashes: seed + inserts + new images - old images - deletes. For other
/// patterns it does nothing. Add() is thread-safe, the rest is used by one thread.
class FeedBalance {
 public:
  /// Borrows `session`.
  explicit FeedBalance(exporter::Session& session) : session_(session) {}

  /// Manifests come in the order of their numbers. A seed begins a balance anew.
  void Begin(const ledger::Manifest& manifest);
  /// Rows of the manifest begun last.
  Status Add(const ledger::Manifest& manifest, const arrow::RecordBatch& rows);
  /// Compares with the source at the last version. Says in `words` what was found, or why nothing can be;
  /// a difference goes to `faults`.
  Status Close(std::string& words, std::vector<std::string>& faults);

 private:
  exporter::Session& session_;
  std::mutex mutex_;
  RowTotal total_;               ///< guarded by mutex_
  std::optional<Version> seed_;  ///< nullopt: no seed to begin from
  Version through_;              ///< of the last window in the chain
  std::string schema_;           ///< of the seed's columns, as JSON
  ledger::Manifest newest_;      ///< the one that ends at through_
  std::string broken_;           ///< why the chain can't be summed up; "" while it can
};

}  // namespace sluice::verify
