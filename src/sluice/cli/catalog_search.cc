#include "sluice/cli/catalog_search.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "sluice/aws/environment.h"
#include "sluice/catalog/catalog.h"
#include "sluice/delta/log/log.h"
#include "sluice/exporter/inspect/suggest.h"
#include "sluice/exporter/session/services.h"
#include "sluice/exporter/session/source_log.h"

namespace sluice::cli {
namespace {

/// Services of a config that has nothing but the catalog, which the environment leads to.
exporter::Services OpenServices(const Context& context) {
  auto config = std::make_shared<config::Config>();
  config->catalog = config::CatalogOptions{};
  return exporter::MakeServices(std::move(config), runtime::SystemClock(), context.cancel);
}

/// A text of the catalog's as it may be printed.
std::string Shown(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return text;
}

/// Whether a config can hold the name: it would take ${NAME} from the environment.
bool IsWritable(const std::string& name) {
  return name.find("${") == std::string::npos && Shown(name) == name;
}

Result<TableEntry> Suggest(const exporter::Services& services, const catalog::TableName& name) {
  SLUICE_ASSIGN_OR_RETURN(const auto table, services.catalog->FindTable(name, services.cancel));
  SLUICE_ASSIGN_OR_RETURN(const delta::Log log, exporter::OpenLog(services, table));
  SLUICE_ASSIGN_OR_RETURN(const auto profile, exporter::ProfileTable(log));
  TableEntry entry;
  entry.table = name.ToString();
  if (const std::string plain = PlainName(name.table); plain != name.table) entry.name = plain;
  entry.suggestion = exporter::SuggestPattern(profile);
  return entry;
}

}  // namespace

Result<CatalogSearch> SearchCatalog(const Context& context, const std::string& wanted) {
  const size_t dot = wanted.find('.');
  const std::string catalog = wanted.substr(0, dot);
  const std::string schema = dot == std::string::npos ? "" : wanted.substr(dot + 1);
  if (catalog.empty() || schema.find('.') != std::string::npos ||
      (dot != std::string::npos && schema.empty())) {
    return Fail(
        Error{ErrorKind::kUsage,
              fmt::format("--catalog {}: it is a catalog or a schema that is listed", wanted),
              "name a catalog, main, or a schema in it, main.sales"});
  }
  const exporter::Services services = OpenServices(context);
  SLUICE_ASSIGN_OR_RETURN(const auto tables,
                          services.catalog->ListTables(catalog, schema, context.cancel));
  CatalogSearch found;
  for (const auto& table : tables) {
    SLUICE_RETURN_IF_ERROR(context.cancel.Check());
    const std::string name = table.name.ToString();
    if (!table.refusal.empty() || !IsWritable(name)) {
      found.left_out.push_back({Shown(name), table.refusal.empty()
                                                 ? "its name cannot stand in a config"
                                                 : table.refusal});
      continue;
    }
    auto entry = Suggest(services, table.name);
    if (entry) {
      found.entries.push_back(*std::move(entry));
    } else {
      found.left_out.push_back({name, Shown(entry.error().message)});
    }
  }
  if (found.entries.empty()) {
    return Fail(
        Error{ErrorKind::kNotFound,
              fmt::format(
                  "{}: none of its {} tables can be exported{}{}", wanted, tables.size(),
                  found.left_out.empty() ? "" : "; the first is " + found.left_out[0].table + ": ",
                  found.left_out.empty() ? "" : found.left_out[0].why),
              "name another catalog or schema, or see what the tables need with `sluice check`"});
  }
  return found;
}

CatalogSettings CatalogOfEnvironment() {
  return {aws::FirstOfEnvironment({"DATABRICKS_HOST"}).value_or(""),
          aws::FirstOfEnvironment({"DATABRICKS_CONFIG_PROFILE"}).value_or("")};
}

}  // namespace sluice::cli
