#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/ledger/ledger.h"
#include "sluice/ledger/ledger_identity.h"
#include "sluice/ledger/second_name.h"
#include "sluice/store/object_store.h"

namespace sluice::ledger {

struct FindLedgerOptions {
  /// For `state set` and `state forget`: where the ledger belongs to another destination or source, and the
  /// destination holds its manifests, record that it is ours from now on.
  bool take_over = false;
  /// nullopt: other names of the same source table do not matter, as to a pattern that keeps no state.
  std::optional<NameSearch> names{};
};

/// The ledger of table `name`, in the place where it lies or would begin. `beside`: the folder of the state
/// table; `ours`: who asks. Writes nothing but the record of a taking over.
///
/// A ledger that recorded no identity, as older programs left it, is ours unless something contradicts: the
/// table that its newest export was begun for, or manifests at the destination that are not its own.
///
/// kConflict where the ledger is another's, naming both and what to do, or where it has not begun and the table has
/// one under another name (RefuseSecondName); errors of the stores.
Result<std::unique_ptr<Ledger>> FindLedger(const std::shared_ptr<store::ObjectStore>& beside,
                                           const std::shared_ptr<store::ObjectStore>& destination,
                                           const std::string& name, const LedgerIdentity& ours,
                                           const FindLedgerOptions& options = {});

}  // namespace sluice::ledger
