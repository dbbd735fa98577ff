#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/error.h"
#include "sluice/config/config.h"
#include "sluice/ledger/chain_check.h"
#include "sluice/verify/overlap.h"

/// What `sluice verify` found, as values that cli/ prints. No I/O.
namespace sluice::verify {

/// How one export compares with the source.
enum class SourceVerdict {
  kSame,       ///< derived again from the pinned version: the same rows
  kGone,       ///< that version cannot be read any more; not a failure
  kUnknown,    ///< how it was made is not known any more; not a failure
  kDifferent,  ///< a fault: the source gives other rows
  kNoRows,     ///< a reset: there is nothing to compare
  kNotAsked,   ///< the files themselves can't be read
};
std::string_view Name(SourceVerdict verdict);

struct VerifiedExport {
  int64_t n = 0;
  ledger::ExportKind kind = ledger::ExportKind::kWindow;
  ledger::Bound start, end;
  int64_t rows = 0, files = 0;
  SourceVerdict source = SourceVerdict::kNotAsked;
  std::string why;     ///< for kGone and kUnknown: what cannot be read, or is not known
  std::string former;  ///< how it was made, where today's config says otherwise
  std::vector<std::string>
      faults;          ///< each names the file or partition, and what differs; a few rows
  std::string remedy;  ///< where there are faults of its rows
};

/// The result of a verification.
enum class Outcome {
  kProven,           ///< exports chain, and export = manifest = source
  kFilesMatch,       ///< no fault, but something of it can't be compared with the source any more
  kNotProven,        ///< a fault, or an error that kept it from the end
  kNothingExported,  ///< there is nothing to prove
};
std::string_view Name(Outcome outcome);

/// Files of exports that others replaced or started again: readers of folders see their rows twice until a prune.
struct LingeringFiles {
  int64_t n = 0, by = 0;  ///< the export, and the one that holds its rows now
  int64_t files = 0;
};

struct VerifyReport {
  std::string table, name;
  config::Pattern pattern = config::Pattern::kAppend;
  std::vector<VerifiedExport> exports;  ///< ascending by n; what is replaced or void is left out
  int64_t rows = 0, files = 0, bytes = 0;
  /// cdc: what the seed and the changes after it make up together; "" where there is nothing to say.
  std::string balance;
  /// Windows that were exported twice because the state was set back by hand. Those without such a reset are
  /// among the faults, too.
  std::vector<Overlap> overlaps;
  std::vector<std::string> faults;  ///< of the table as a whole
  /// Why nothing can be proven although nothing is wrong: what would be needed for it is not there.
  std::vector<std::string> unproven;
  /// What no export holds and is not a fault: skipped on purpose, or exported by another writer.
  std::vector<ledger::ChainGap> gaps;
  std::vector<LingeringFiles> lingering;
  std::string since;  ///< exports that end up to here were not looked at; "" if all were
  double seconds = 0;
  std::optional<Error> error;  ///< why the table could not be verified to its end

  Outcome outcome() const;
  int64_t not_compared() const;  ///< exports that can't be compared with the source any more
};

}  // namespace sluice::verify
