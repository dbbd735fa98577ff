#include "sluice/ledger/as_decided.h"

#include <fmt/format.h>

namespace sluice::ledger {

std::string DifferenceInStanding(const Manifest& published, const Decision& decision) {
  const Manifest& decided = decision.manifest;
  if (decision.overruled) return "says void, and an export was decided";
  if (published.expired) {
    // The tombstone of a snapshot is the one manifest that is ever written over another.
    if (decided.kind != ExportKind::kSnapshot) {
      return fmt::format("says expired, and a {} was decided", Name(decided.kind));
    }
    return published.files.empty() ? "" : "says expired and lists files";
  }
  if (published.kind != decided.kind) {
    return fmt::format("says {}, and a {} was decided", Name(published.kind), Name(decided.kind));
  }
  if (decided.kind == ExportKind::kVoid) return "";
  if (published.replaces != decided.replaces) return "replaces other exports than was decided";
  if (published.start != decided.start || published.end != decided.end) {
    return "says another window than was decided";
  }
  if (published.table_id != decided.table_id) return "says another table id than was decided";
  return "";
}

Status RequireAsDecided(const Manifest& published, const Decision& decision, std::string_view key,
                        std::string_view name) {
  const std::string difference = DifferenceInStanding(published, decision);
  if (difference.empty()) return {};
  return Fail(Error{
      ErrorKind::kConflict, fmt::format("{} {}: nothing is removed on its word", key, difference),
      fmt::format("restore that manifest from a copy; or remove it, and `sluice state "
                  "republish {}` writes it again as it was decided",
                  name)});
}

}  // namespace sluice::ledger
