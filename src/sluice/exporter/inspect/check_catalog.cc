#include "sluice/exporter/inspect/check_catalog.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/catalog/catalog.h"

namespace sluice::exporter {
namespace {

/// `path` overrides what the catalog says: a run does not ask it. A name that is not the catalog's is fine, too.
void ComparePlaces(const Session& session, Findings& findings) {
  const Services& services = *session.services;
  const config::Table& table = *session.table;
  const auto name = catalog::ParseTableName(table.table);
  const auto ours = store::ParseLocation(*table.path, services.config->folder);
  if (!name || !ours) return;
  const auto found = services.catalog->FindTable(*name, services.cancel);
  if (!found) {
    const bool unknown = found.error().kind == ErrorKind::kNotFound;
    findings.Add(unknown ? Severity::kNote : Severity::kWarning,
                 "whether the catalog knows the table in another place than `path`: " +
                     found.error().message,
                 unknown ? "none needed: `path` says where the table lies" : found.error().remedy);
    return;
  }
  const auto theirs = LocationOf(*found);
  const bool same =
      theirs && store::Resolved(*theirs).ToString() == store::Resolved(*ours).ToString();
  if (same) {
    findings.Add(Severity::kOk, "the catalog names the same place as `path`");
    return;
  }
  findings.Add(Severity::kWarning,
               fmt::format("`path` is {}, but the catalog says that {} lies in {}",
                           ours->ToString(), name->ToString(), found->location),
               "leave out `path`, so that the catalog finds the table, or correct it");
}

}  // namespace

Result<bool> CheckCatalog(Session& session, Findings& findings) {
  const Services& services = *session.services;
  if (!services.catalog) return true;
  if (session.table->path) {
    ComparePlaces(session, findings);
    return true;
  }
  SLUICE_ASSIGN_OR_RETURN(const auto name, catalog::ParseTableName(session.table->table));
  for (const auto& step : services.catalog->Walk(name, services.cancel)) {
    if (!step.outcome) {
      findings.AddFault(Error(step.outcome.error()).Within(step.what));
      return false;
    }
    findings.Add(Severity::kOk, step.what);
  }
  return true;
}

}  // namespace sluice::exporter
