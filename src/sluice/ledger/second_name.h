#pragma once

#include <functional>
#include <string>

#include "sluice/ledger/ledger_identity.h"
#include "sluice/store/object_store.h"

namespace sluice::ledger {

/// Who else a table may be to its state.
struct NameSearch {
  /// Of the table. Only one name of a state may move the same column of the same row.
  std::string pattern;
  /// True for names that this very config gives to other tables: nothing is asked about them.
  std::function<bool(const std::string&)> is_of_another_table;
};

/// For a ledger that has not begun: kConflict where `ours.table` is exported to the same state by another name
/// than `name`. Both would go on from the one row in _export_state, and divide its windows between them. One
/// listing, and a small object for each name that is none of this config's. `beside`: the folder of the state.
Status RefuseSecondName(const store::ObjectStore& beside, const std::string& name,
                        const LedgerIdentity& ours, const NameSearch& search);

}  // namespace sluice::ledger
