#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/ledger/records.h"

/// Whether exports chain from the first to the newest without a gap, in numbers and in windows. Pure.
namespace sluice::ledger {

/// What is known of a table's exports. Borrows.
struct ChainInput {
  /// All that are published, and those of decisions whose manifest is not there; ascending by n.
  const std::vector<Manifest>& manifests;
  std::set<int64_t> published;
  /// Numbers with a decision, and with an intent. Both empty in a copy of a destination without its ledger.
  std::set<int64_t> decided, begun;
  /// The highest number that anything else says was settled: the state table's txn, the heartbeat at the
  /// destination, the note of the last run.
  int64_t settled_elsewhere = 0;
  /// Where the newest decision says that exports stand; nullopt without a ledger.
  std::optional<Position> position;
  /// `manifests` are the newest only: what lies before the first of their windows is not judged.
  bool newest_only = false;
};

/// A stretch of a table that no export in force holds.
struct ChainGap {
  enum class Kind {
    kGap,      ///< not meant: a fault
    kSkipped,  ///< `state set --skip` or `state skip` left it out on purpose
    kForeign,  ///< the row in _export_state was moved over it by another writer, who exported it
  };
  Kind kind = Kind::kGap;
  Bound start, end;   ///< (start, end]
  int64_t reset = 0;  ///< the reset that skipped it; 0: none did
  int64_t after = 0;  ///< the export after which it was left open; 0: before the first
};

/// Export numbers, both ends included.
struct NumberRange {
  int64_t first = 0, last = 0;
  bool operator==(const NumberRange&) const = default;
};

struct ChainReport {
  /// False where manifests are all that is known: nothing shows then that the newest of them is the last.
  bool has_ledger = true;
  /// Numbers of which neither a manifest nor a decision is there, although later ones are.
  std::vector<NumberRange> missing;
  std::vector<int64_t>
      unpublished;  ///< decided, without a manifest, and not the newest that a run finishes
  std::vector<int64_t> undecided;  ///< published, without a decision, although there is a ledger
  std::vector<ChainGap> gaps;      ///< ascending by time or version within each beginning
  int64_t newest = 0;              ///< the highest number that any record names
  /// Where the newest decision that is there says that exports stand.
  Position position;
  /// The last of `missing`, where nothing that is there comes after it: no run begins until it is settled.
  std::optional<NumberRange> LostEnd() const;

  /// Neither a number nor a window is missing; what was skipped or exported by others does not count.
  bool unbroken() const;
};

ChainReport CheckChain(const ChainInput& input);

/// What leads out where the records of the newest exports, `lost`, are gone. `position`: where the newest
/// decision that is there says that exports stand.
std::string LossRemedy(std::string_view name, const NumberRange& lost, const Position& position);

/// "(2026-01-01T08:00:00Z, 2026-01-01T10:00:00Z]", or "versions (3, 5]".
std::string RangeText(const Bound& start, const Bound& end);

/// What each fault of `report` means, in words, with the remedy. `name`: of the table.
struct ChainFault {
  std::string message, remedy;
};
std::vector<ChainFault> Describe(const ChainReport& report, std::string_view name);
/// What a gap is that is not a fault: skipped on purpose, or exported by another writer; "" for others.
std::string Describe(const ChainGap& gap);

}  // namespace sluice::ledger
