#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sluice/catalog/catalog.h"
#include "sluice/delta/log/log.h"
#include "sluice/exporter/session/commit_context.h"
#include "sluice/exporter/session/services.h"
#include "sluice/ledger/find_ledger.h"
#include "sluice/ledger/ledger.h"
#include "sluice/ledger/ledger_identity.h"
#include "sluice/state/export_state.h"

namespace sluice::exporter {

/// Everything that belongs to one table while a command works on it: its three stores and what is
/// kept in them. Used by one thread. Holds no decision: those are in the ledger.
struct Session {
  const Services* services = nullptr;    ///< outlives the session
  const config::Table* table = nullptr;  ///< likewise
  store::Location destination_at, state_at;
  std::shared_ptr<store::ObjectStore> destination, ledger_store, state_store;
  ledger::LedgerIdentity identity;  ///< of the ledger that is asked for
  /// Until OpenLedger: where it usually lies, whosever it is.
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<state::ExportState> state;
  ledger::Runner runner;

  /// Of a table without a path: what the catalog said. One answer for the whole session.
  std::optional<catalog::CatalogTable> found;
  /// Filled by OpenSource: the source is not needed to finish what is decided.
  std::shared_ptr<store::ObjectStore> source;
  std::optional<delta::Log> log;
  std::unique_ptr<transfer::Mover> mover;

  const std::string& name() const { return table->name; }
  /// Borrows from the session and its services.
  CommitContext context() const;
};

/// The stores of a table; asks none of them anything. kConfig for locations that can't be, kUnsupported for a
/// pattern or store that this build lacks.
Result<Session> OpenStores(const Services& services, const config::Table& table);
/// Finds the table's ledger. kConflict where it belongs to another export (ledger::FindLedger, which `options`
/// are for).
Status OpenLedger(Session& session, const ledger::FindLedgerOptions& options = {});
/// Both.
Result<Session> OpenSession(const Services& services, const config::Table& table,
                            const ledger::FindLedgerOptions& ledger = {});

/// Of a command that is about to write for the first time: asks the catalog where the table lies, if it has no path,
/// and refuses (kConfig) to write into a source that only the catalog knows. Nothing is asked of the catalog where
/// all tables of the config have paths.
Status FindSource(Session& session);
/// For FindPlaces of a command that writes: learns where the sources lie that only the catalog knows, as far as it
/// says.
void LearnSources(const Services& services);

/// Opens the table's source. kNotFound where there is no Delta table is found later, by reading its log.
Status OpenSource(Session& session);

/// Where the destination and the state table of a config lie. kConfig where one of them, or a folder that an
/// export would write to, lies inside a source.
struct Places {
  store::Location destination, state;
};
Result<Places> FindPlaces(const Services& services);

}  // namespace sluice::exporter
