#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/exporter/session/services.h"
#include "sluice/verify/overlap.h"

/// `sluice verify`: proves export = manifest = source, number by number. Reads everything, writes nothing.
namespace sluice::verify {

/// What a look at the source said about one number.
enum class SourceVerdict {
  kSame,       ///< derived again from the pinned version: the same rows
  kGone,       ///< that version can't be read any more; no failure
  kUnknown,    ///< nobody knows any more how it was made; no failure
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
  std::string why;     ///< for kGone and kUnknown: what can't be read, or isn't known
  std::string former;  ///< how it was made, where today's config says otherwise
  std::vector<std::string>
      faults;          ///< each names the file or partition, and what differs; a few rows
  std::string remedy;  ///< where there are faults of its rows
};

struct VerifyReport {
  std::string table, name;
  config::Pattern pattern = config::Pattern::kAppend;
  std::vector<VerifiedExport> exports;  ///< ascending by n; what is replaced or void is left out
  int64_t rows = 0, files = 0, bytes = 0;
  /// cdc: what the seed and the changes after it make up together; "" where there is nothing to say.
  std::string balance;
  /// Windows that were exported twice because the state was set back by hand. What nobody asked for is
  /// among the faults, too.
  std::vector<Overlap> overlaps;
  std::vector<std::string> faults;  ///< of the table as a whole
  double seconds = 0;
  std::optional<Error> error;  ///< why the table could not be verified to its end

  bool proven() const;  ///< neither an error nor a fault
};

/// Verifies one table. Functions on different tables may run concurrently.
VerifyReport VerifyTable(const exporter::Services& services, const config::Table& table);

}  // namespace sluice::verify
