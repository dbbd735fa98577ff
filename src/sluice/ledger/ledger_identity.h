#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/store/location.h"

/// Whose ledger it is: one state table's, one destination's and one source table's. Pure.
namespace sluice::ledger {

/// `identity.json`, put when a ledger begins. Places are recorded twice, absolute and as seen from the folder
/// beside the state, so that a whole tree may be moved or copied; one of the two has to agree.
struct LedgerIdentity {
  std::string state;  ///< the last part of the state table's path
  std::string destination, destination_from_here;
  std::string table;                     ///< the source table's full name
  std::string source, source_from_here;  ///< "" where a catalog says where it lies
};

/// `beside`: the folder that the state table lies in. `source`: nullopt where only a catalog knows it.
LedgerIdentity MakeIdentity(const store::Location& state, const store::Location& beside,
                            const store::Location& destination, std::string table,
                            const std::optional<store::Location>& source);

/// What a recorded identity says otherwise than `ours`, as a reader sees it: "destination s3://a, not s3://b".
/// Empty where both are the same. The state is compared only with `with_state`.
std::vector<std::string> Differences(const LedgerIdentity& recorded, const LedgerIdentity& ours,
                                     bool with_state);

bool SameDestination(const LedgerIdentity& a, const LedgerIdentity& b);

std::string Serialize(const LedgerIdentity& identity);
/// kCorrupt naming the key and the field, kUnsupported for a later format.
Result<LedgerIdentity> ParseIdentity(std::string_view text, std::string_view name);

}  // namespace sluice::ledger
