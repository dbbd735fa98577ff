#include <algorithm>
#include <map>
#include <utility>

#include "sluice/aws/fresh_credentials.h"
#include "sluice/base/mutex.h"
#include "sluice/catalog/catalog.h"
#include "sluice/catalog/delta_api.h"
#include "sluice/catalog/expected_tables.h"
#include "sluice/catalog/open_catalog.h"
#include "sluice/catalog/sign_in.h"
#include "sluice/catalog/table_location.h"
#include "sluice/catalog/tables_api.h"
#include "sluice/catalog/vended_credentials.h"

namespace sluice::catalog {
namespace {

/// A schema of every catalog that describes it, in views.
constexpr char kInformationSchema[] = "information_schema";

Error Refused(const TableDescription& table, const Refusal& refusal) {
  return {ErrorKind::kUnsupported, table.name.ToString() + ": it is " + refusal.what,
          refusal.remedy};
}

/// What follows from a description, whichever API gave it.
Result<CatalogTable> ToTable(const TableDescription& described,
                             std::optional<delta::StagedCommits> commits) {
  if (const auto refusal = RefusalOf(described)) return Fail(Refused(described, *refusal));
  CatalogTable table;
  table.name = described.name;
  table.id = described.id;
  SLUICE_ASSIGN_OR_RETURN(table.location, ToLocation(described.location));
  table.commits = std::move(commits);
  return table;
}

/// Both APIs and what is asked for through them. Shared with the sources of credentials, which may outlive the catalog.
struct Apis {
  explicit Apis(const std::shared_ptr<const CatalogClient>& client)
      : tables(std::make_shared<const TablesApi>(client)), delta(client) {}

  const std::shared_ptr<const TablesApi> tables;
  DeltaApi delta;
};

Result<aws::Credentials> Within(Result<aws::Credentials> credentials, const std::string& name) {
  if (credentials) return credentials;
  return Fail(std::move(credentials).error().Within(name));
}

Result<aws::Credentials> FetchReadCredentials(Apis& apis, const CatalogTable& table,
                                              const runtime::CancelToken& cancel) {
  const std::string name = table.name.ToString();
  SLUICE_ASSIGN_OR_RETURN(const auto newer, apis.delta.TableCredentials(table.name, cancel));
  if (newer) return Within(ReadStorageCredentials(*newer, table.location), name);
  SLUICE_ASSIGN_OR_RETURN(const Json older,
                          apis.tables->TableCredentials(table.name, table.id, cancel));
  return Within(ReadIssuedCredentials(older, table.location), name);
}

/// By the older API first: the newer one is asked by a catalog, and a path names none.
Result<aws::Credentials> FetchPathCredentials(const Apis& apis, const std::string& location,
                                              PathAccess access,
                                              const runtime::CancelToken& cancel) {
  SLUICE_ASSIGN_OR_RETURN(const std::string plain, ToLocation(location));
  const auto older = apis.tables->PathCredentials(plain, access, cancel);
  if (older) return Within(ReadIssuedCredentials(*older, plain), plain);
  if (!IsRouteMissing(older.error().fault)) return Fail(older.error().error);
  SLUICE_ASSIGN_OR_RETURN(const Json newer, apis.delta.PathCredentials(plain, access, cancel));
  return Within(ReadStorageCredentials(newer, plain, access), plain);
}

class UnityCatalog : public Catalog {
 public:
  UnityCatalog(const std::shared_ptr<const CatalogClient>& client,
               const std::vector<TableName>& expected, const std::shared_ptr<runtime::Clock>& clock)
      : apis_(std::make_shared<Apis>(client)), expected_(expected, apis_->tables, clock) {}

  Result<CatalogTable> FindTable(const TableName& name,
                                 const runtime::CancelToken& cancel) override {
    if (const auto listed = expected_.Take(name, cancel)) {
      if (RefusalOf(*listed) || !IsCatalogManaged(*listed)) return ToTable(*listed, std::nullopt);
    }
    SLUICE_ASSIGN_OR_RETURN(auto newer, apis_->delta.FindTable(name, cancel));
    if (newer) return ToTable(newer->description, std::move(newer->commits));
    SLUICE_ASSIGN_OR_RETURN(const auto older, apis_->tables->Describe(name, cancel));
    std::optional<delta::StagedCommits> commits;
    if (!RefusalOf(older) && IsCatalogManaged(older)) {
      SLUICE_ASSIGN_OR_RETURN(commits, apis_->tables->Commits(older, cancel));
    }
    return ToTable(older, std::move(commits));
  }

  std::shared_ptr<aws::CredentialsSource> ReadCredentials(const CatalogTable& table) override {
    const MutexLock lock(mutex_);
    auto& source = of_tables_[{table.id, table.name}];
    if (!source) {
      CatalogTable named = table;
      named.commits.reset();
      source = aws::KeepFresh([apis = apis_, named](const runtime::CancelToken& cancel) {
        return FetchReadCredentials(*apis, named, cancel);
      });
    }
    return source;
  }

  std::shared_ptr<aws::CredentialsSource> PathCredentials(const std::string& location,
                                                          PathAccess access) override {
    const MutexLock lock(mutex_);
    auto& source = of_paths_[{location, access}];
    if (!source) {
      source = aws::KeepFresh([apis = apis_, location, access](const runtime::CancelToken& cancel) {
        return FetchPathCredentials(*apis, location, access, cancel);
      });
    }
    return source;
  }

  Result<std::vector<ListedTable>> ListTables(const std::string& catalog, const std::string& schema,
                                              const runtime::CancelToken& cancel) override {
    std::vector<std::string> schemas{schema};
    if (schema.empty()) {
      SLUICE_ASSIGN_OR_RETURN(schemas, apis_->tables->ListSchemas(catalog, cancel));
      std::erase(schemas, kInformationSchema);
    }
    std::vector<ListedTable> listed;
    for (const auto& each : schemas) {
      SLUICE_RETURN_IF_ERROR(ListSchema(catalog, each, listed, cancel));
    }
    std::sort(listed.begin(), listed.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return listed;
  }

  std::vector<Step> Walk(const TableName& name, const runtime::CancelToken& cancel) override {
    std::vector<Step> steps;
    const auto take = [&](std::string what, Status outcome) {
      steps.push_back({std::move(what), std::move(outcome)});
      return steps.back().outcome.has_value();
    };
    if (!take("token", apis_->tables->LetsIn(cancel))) return steps;
    if (!take("catalog " + name.catalog, apis_->tables->ShowsCatalog(name.catalog, cancel))) {
      return steps;
    }
    if (!take("schema " + name.catalog + "." + name.schema,
              apis_->tables->ShowsSchema(name.catalog, name.schema, cancel))) {
      return steps;
    }
    const auto table = FindTable(name, cancel);
    if (!take("table", table ? Status() : Status(Fail(table.error())))) return steps;
    if (table->location.starts_with("s3://")) {
      const auto credentials = ReadCredentials(*table)->Get({}, cancel);
      take("credentials", credentials ? Status() : Status(Fail(credentials.error())));
    }
    return steps;
  }

 private:
  Status ListSchema(const std::string& catalog, const std::string& schema,
                    std::vector<ListedTable>& listed, const runtime::CancelToken& cancel) const {
    std::string from;
    for (int pages = 0; pages < kMostPages; ++pages) {
      SLUICE_ASSIGN_OR_RETURN(auto page, apis_->tables->ListTables(catalog, schema, from, cancel));
      for (const auto& table : page.tables) {
        ListedTable entry{table.name, table.id, {}, {}};
        if (const auto refusal = RefusalOf(table)) entry.refusal = refusal->what;
        if (const auto location = ToLocation(table.location)) entry.location = *location;
        listed.push_back(std::move(entry));
      }
      if (page.next.empty()) return {};
      from = std::move(page.next);
    }
    return Fail(Error{ErrorKind::kCorrupt,
                      catalog + "." + schema + ": the catalog's listing does not end",
                      "check that `catalog.url` is a Unity Catalog"});
  }

  const std::shared_ptr<Apis> apis_;
  ExpectedTables expected_;
  Mutex mutex_;
  std::map<std::pair<std::string, TableName>, std::shared_ptr<aws::CredentialsSource>> of_tables_
      SLUICE_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, PathAccess>, std::shared_ptr<aws::CredentialsSource>> of_paths_
      SLUICE_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::shared_ptr<Catalog>> OpenUnityCatalog(CatalogOptions options,
                                                  std::shared_ptr<const net::HttpClient> http,
                                                  std::shared_ptr<runtime::Clock> clock,
                                                  std::shared_ptr<runtime::Entropy> entropy) {
  SLUICE_ASSIGN_OR_RETURN(SignIn sign_in, FindSignIn(options));
  const auto patient = std::make_shared<const PatientHttp>(std::move(http), clock,
                                                           std::move(entropy), options.retry);
  auto tokens = MakeTokenSource(sign_in, patient, clock);
  const auto client = std::make_shared<const CatalogClient>(sign_in.host, sign_in.client_id,
                                                            patient, std::move(tokens));
  return std::make_shared<UnityCatalog>(client, options.expected, clock);
}

}  // namespace sluice::catalog
