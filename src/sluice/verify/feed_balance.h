#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/exporter/session/session.h"
#include "sluice/verify/row_totals.h"

namespace sluice::verify {

/// Pattern B: shows that a partner who loads the seed of version V and applies every change up to W holds
/// exactly the source at W, by sums of row hashes: seed + inserts + new images - old images - deletes. Rows
/// from before a column was added have null there. For other patterns it does nothing. Add() is thread-safe,
/// the rest is used by one thread.
class FeedBalance {
 public:
  /// Borrows `session`.
  explicit FeedBalance(exporter::Session& session) : session_(session) {}

  /// Chooses the newest seed and the windows after it from all current manifests, ascending by n.
  Status Begin(const std::vector<ledger::Manifest>& current);
  /// Rows of one of them; it ignores those of others.
  Status Add(const ledger::Manifest& manifest, const arrow::RecordBatch& rows);
  /// The destination does not hold what this manifest says, so that sums prove nothing.
  void Spoil(const ledger::Manifest& manifest);
  /// Compares with the source at the last version. Says in `words` what was found, or why nothing can be;
  /// a difference goes to `faults`.
  Status Close(std::string& words, std::vector<std::string>& faults);

 private:
  Status TakeColumns(const ledger::Manifest& manifest);
  Result<bool> SameColumnChoice(const ledger::Manifest& one, const ledger::Manifest& other);
  /// A manifest's rows in the columns of the newest one.
  Result<std::shared_ptr<arrow::RecordBatch>> Widen(const ledger::Manifest& manifest,
                                                    const arrow::RecordBatch& rows) const;

  exporter::Session& session_;
  Mutex mutex_;
  RowTotal total_ SLUICE_GUARDED_BY(mutex_);
  std::optional<Version> seed_;  ///< nullopt: no seed to begin from
  Version through_;              ///< of the last window in the chain
  std::set<int64_t> chain_;      ///< the seed and its windows
  delta::TableSchema schema_;    ///< of newest_, without the feed's columns
  ledger::Manifest newest_;      ///< the one that ends at through_
  std::string broken_;           ///< why the chain can't be summed up; "" while it can
};

}  // namespace sluice::verify
