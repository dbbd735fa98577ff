#include "sluice/exporter/session/session.h"

#include <algorithm>
#include <utility>

#include "sluice/exporter/session/source_log.h"
#include "sluice/exporter/session/store_options.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/plan/output_layout.h"
#include "sluice/runtime/executor.h"

namespace sluice::exporter {
namespace {

/// Of `limits.memory`: code, libraries and threads, whatever is exported.
constexpr int64_t kProgramBytes = int64_t{40} << 20;

/// S3 has no commit over several keys: the more at once, the shorter a listing reader sees a part.
constexpr int kCompletionsAtOnce = 64;

using Tables = std::vector<const config::Table*>;

Tables AllTables(const config::Config& config) {
  Tables tables;
  for (const auto& table : config.tables) tables.push_back(&table);
  return tables;
}

/// As the user wrote it, and where it really is.
struct Place {
  explicit Place(store::Location location)
      : named(std::move(location)), real(store::Resolved(named)) {}
  Place(store::Location n, store::Location r) : named(std::move(n)), real(std::move(r)) {}
  store::Location named, real;
};

/// Everything that a command on `tables` may write to: the state, what lies beside it, and their folders.
Result<std::vector<store::Location>> WrittenFolders(const Tables& tables, const Places& places) {
  SLUICE_ASSIGN_OR_RETURN(const store::Location beside, places.state.Parent());
  std::vector<store::Location> written{places.state, places.destination.Child("_sluice"),
                                       beside.Child("_sluice")};
  for (const auto* table : tables) {
    for (const auto& folder : plan::DataFolders(table->pattern(), table->name)) {
      written.push_back(places.destination.Child(folder.substr(0, folder.size() - 1)));
    }
  }
  return written;
}

/// kConfig where the source holds the place or lies in it.
Status RequireApart(const SourceFolders::Source& source, const Place& place) {
  if (store::Contains(source.real, place.real)) {
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("{} lies inside the source {} of table {}, which is never "
                                  "written to",
                                  place.named.ToString(), source.named.ToString(), source.table),
                      "choose a destination and a `state` outside of the source tables"});
  }
  if (store::Contains(place.real, source.real)) {
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("the source {} of table {} lies inside {}, which exports are "
                                  "written to",
                                  source.named.ToString(), source.table, place.named.ToString()),
                      "choose a destination and a `state` that hold no source table"});
  }
  return {};
}

/// A source is never written to: no folder of `writing`'s may lie in one, nor a source in such a folder, where
/// its files would look like an export's. Asked before anything is opened, so that not even a heartbeat or a
/// probe goes there.
Status RefuseWritingIntoSources(const SourceFolders& sources, const Tables& writing,
                                const Places& places) {
  SLUICE_ASSIGN_OR_RETURN(const auto folders, WrittenFolders(writing, places));
  std::vector<Place> written;
  for (const auto& folder : folders) written.emplace_back(folder);
  const bool apart = std::none_of(written.begin(), written.end(),
                                  [&](const auto& place) { return sources.Touch(place.real); });
  if (apart) return {};
  const auto all = sources.all();
  for (const auto& source : all) {
    for (const auto& place : written) SLUICE_RETURN_IF_ERROR(RequireApart(source, place));
  }
  return {};
}

/// Managed storage of a catalog is written to by the catalog's own engines only, and lies below the location of a
/// schema or catalog: often within what the partner reads.
Status RefuseManagedStorage(const config::Config& config, const Places& places) {
  if (!TakesFromCatalog(config, StoreRole::kDestination)) return {};
  for (const auto& place : {places.destination, places.state}) {
    if (("/" + place.path + "/").find("/__unitystorage/") == std::string::npos) continue;
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("{} lies in managed storage of Unity Catalog, which gives nobody "
                                  "credentials to write there",
                                  place.ToString()),
                      "choose a place in an external location"});
  }
  return {};
}

/// For commands on `writing` alone: what other tables write is their own sessions' concern.
Result<Places> FindPlacesFor(const Services& services, const Tables& writing) {
  const config::Config& config = *services.config;
  Places places;
  SLUICE_ASSIGN_OR_RETURN(places.destination,
                          store::ParseLocation(config.destination.url, config.folder));
  if (config.state.empty()) {
    places.state = places.destination.Child("_export_state");
  } else {
    SLUICE_ASSIGN_OR_RETURN(places.state, store::ParseLocation(config.state, config.folder));
  }
  SLUICE_RETURN_IF_ERROR(RefuseManagedStorage(config, places));
  SLUICE_RETURN_IF_ERROR(RefuseWritingIntoSources(*services.sources, writing, places));
  return places;
}

}  // namespace

Result<Places> FindPlaces(const Services& services) {
  return FindPlacesFor(services, AllTables(*services.config));
}

namespace {

/// Two names of one table and one state share a row in _export_state, unless their patterns move different columns.
std::optional<ledger::NameSearch> NamesToLookFor(const config::Config& config,
                                                 const config::Table& table) {
  if (!KeepsState(table)) return std::nullopt;
  ledger::NameSearch search;
  search.pattern = config::Name(table.pattern());
  search.is_of_another_table = [&config, &table](const std::string& name) {
    return std::any_of(config.tables.begin(), config.tables.end(), [&](const auto& other) {
      return other.name == name && other.table != table.table;
    });
  };
  return search;
}

}  // namespace

Result<Session> OpenStores(const Services& services, const config::Table& table) {
  Session session;
  session.services = &services;
  session.table = &table;
  SLUICE_ASSIGN_OR_RETURN(Places places, FindPlacesFor(services, {&table}));
  session.destination_at = places.destination;
  session.state_at = places.state;
  SLUICE_ASSIGN_OR_RETURN(
      session.destination,
      services.open_store(places.destination, StoreRole::kDestination, services.cancel));
  SLUICE_ASSIGN_OR_RETURN(session.state_store,
                          services.open_store(places.state, StoreRole::kState, services.cancel));
  SLUICE_ASSIGN_OR_RETURN(const store::Location beside, places.state.Parent());
  SLUICE_ASSIGN_OR_RETURN(session.ledger_store,
                          services.open_store(beside, StoreRole::kState, services.cancel));
  std::optional<store::Location> source;
  if (table.path) {
    SLUICE_ASSIGN_OR_RETURN(source, store::ParseLocation(*table.path, services.config->folder));
  }
  session.identity =
      ledger::MakeIdentity(places.state, beside, places.destination, table.table, source);
  session.ledger =
      std::make_unique<ledger::Ledger>(session.ledger_store, session.destination, table.name,
                                       ledger::LedgerFolderOf(session.identity.state, table.name));
  session.state =
      std::make_unique<state::ExportState>(session.state_store, services.wall, services.entropy);
  session.runner = ledger::Runner::ThisProcess(runtime::RandomHex16(*services.entropy));
  return session;
}

Status OpenLedger(Session& session, const ledger::FindLedgerOptions& options) {
  ledger::FindLedgerOptions wanted = options;
  wanted.names = NamesToLookFor(*session.services->config, *session.table);
  SLUICE_ASSIGN_OR_RETURN(
      session.ledger, ledger::FindLedger(session.ledger_store, session.destination, session.name(),
                                         session.identity, wanted));
  return {};
}

Result<Session> OpenSession(const Services& services, const config::Table& table,
                            const ledger::FindLedgerOptions& ledger) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenStores(services, table));
  SLUICE_RETURN_IF_ERROR(OpenLedger(session, ledger));
  return session;
}

CommitContext Session::context() const {
  const bool is_local = destination_at.scheme == store::Location::Scheme::kLocal;
  const int threads = services->threads > 0 ? services->threads
                      : is_local            ? runtime::DefaultParallelism()
                                            : kCompletionsAtOnce;
  return {*table,
          *ledger,
          *ledger_store,
          *destination,
          *state,
          runner,
          *services->clock,
          *services->wall,
          *services->entropy,
          services->cancel,
          services->program,
          threads};
}

namespace {

/// Whatever the config writes, for whichever table, must not lie in the source that was just found. A config may have
/// many tables: the file system is asked about the places themselves, not about each folder in them.
Status RefuseWritingInto(const store::Location& source, const Session& session) {
  const SourceFolders::Source found{session.table->table, source, store::Resolved(source)};
  SLUICE_ASSIGN_OR_RETURN(
      const auto folders,
      WrittenFolders(AllTables(*session.services->config),
                     {store::Resolved(session.destination_at), store::Resolved(session.state_at)}));
  for (const auto& folder : folders) {
    SLUICE_RETURN_IF_ERROR(RequireApart(found, Place(folder, folder)));
  }
  return {};
}

/// Asks the catalog, once for a session.
Status FindOnce(Session& session) {
  if (session.table->path || session.found) return {};
  SLUICE_ASSIGN_OR_RETURN(session.found, FindByName(*session.services, *session.table));
  return {};
}

}  // namespace

void LearnSources(const Services& services) {
  if (services.by_name) services.by_name->LearnAll(services.cancel);
}

Status FindSource(Session& session) {
  const Services& services = *session.services;
  LearnSources(services);
  SLUICE_RETURN_IF_ERROR(FindOnce(session));
  if (session.found) {
    SLUICE_ASSIGN_OR_RETURN(const store::Location at, LocationOf(*session.found));
    SLUICE_RETURN_IF_ERROR(RefuseWritingInto(at, session));
  }
  if (!services.by_name) return {};
  return RefuseWritingIntoSources(*services.sources, {session.table},
                                  {session.destination_at, session.state_at});
}

Status OpenSource(Session& session) {
  if (session.source) return {};
  const Services& services = *session.services;
  SLUICE_RETURN_IF_ERROR(FindOnce(session));
  SLUICE_ASSIGN_OR_RETURN(session.log, session.found ? OpenLog(services, *session.found)
                                                     : OpenLog(services, *session.table));
  session.source = session.log->shared_store();
  const config::Limits& limits = services.config->limits;
  const int runs = std::max(1, std::min<int>(limits.max_concurrent_runs,
                                             static_cast<int>(services.config->tables.size())));
  transfer::TransferLimits share;
  const int64_t parts = session.destination_at.scheme == store::Location::Scheme::kS3
                            ? RegistryLimitsFor(limits).upload_bytes
                            : 0;
  share.memory_bytes =
      std::max(limits.memory_bytes - kProgramBytes - parts, limits.memory_bytes / 2) / runs;
  share.threads = services.threads > 0 ? services.threads : runtime::DefaultParallelism();
  session.mover = services.make_mover(*session.log, session.destination, share);
  return {};
}

}  // namespace sluice::exporter
