#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/ledger/extent_set.h"
#include "sluice/ledger/records.h"

/// Which exports count. Pure: the one place that knows, for every command and every reader of manifests.
namespace sluice::ledger {

enum class Standing {
  kInForce,    ///< readers should find its rows
  kVoid,       ///< it was voided
  kExpired,    ///< a snapshot that `keep` dropped
  kReplaced,   ///< a later export names it in `replaces`
  kForgotten,  ///< `state forget` started the exports again, and later windows hold all of its time
};

struct Judgement {
  Standing standing = Standing::kInForce;
  /// kReplaced, kForgotten: the export that took its place. For kForgotten, the one with which the later
  /// windows were complete.
  int64_t by = 0;
};

/// The value of a time or a version; nullopt for monostate.
std::optional<int64_t> ValueOf(const Bound& bound);

/// What a window, a backfill or late rows span; nullopt for other kinds and for empty ones. That of late
/// rows is all of the time that was exported before them.
std::optional<Extent> ExtentOf(const Manifest& manifest);

/// True for a reset by `state forget`: exports start again after it.
bool BeginsAnew(const Manifest& manifest);

/// What a reset by `state skip` gives as its reason: it says that (start, end] is left out on purpose, and moves
/// nothing.
inline constexpr const char* kSkippedByHand = "state skip by hand";
bool OnlySkips(const Manifest& manifest);

/// Which exports were made from one log of the source. CREATE OR REPLACE TABLE gives a table another id and
/// goes on with its log; exports that follow each other without a reset between were made from one, because each
/// looks for the commit that the one before saw. Nothing says so across a reset where the ids differ.
class SourceHistories {
 public:
  /// `manifests`: ascending by n.
  explicit SourceHistories(const std::vector<Manifest>& manifests);
  /// Equal for tables of one history.
  const std::string& Of(const std::string& table_id) const;

 private:
  std::map<std::string, std::string> first_id_;  ///< by id
};

/// The standing of every export. `manifests`: all that there are, ascending by n.
///
/// A forgotten export of another history of the source (SourceHistories) stays in force: its rows came from
/// another table. Whole tables (seeds, snapshots) are never forgotten: each is complete by itself.
std::map<int64_t, Judgement> JudgeExports(const std::vector<Manifest>& manifests);

/// Those in force, resets included, in the given order.
std::vector<Manifest> InForce(std::vector<Manifest> manifests);

/// Those that follow the last reset by `state forget`; all where there is none.
std::vector<Manifest> SinceBeginning(std::vector<Manifest> manifests);

/// The manifests that decisions carry, voids by manifests included; ascending like `decisions`.
std::vector<Manifest> ManifestsOf(const std::vector<Decision>& decisions);

}  // namespace sluice::ledger
