#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/catalog/catalog.h"
#include "sluice/catalog/catalog_client.h"
#include "sluice/catalog/table_description.h"

namespace sluice::catalog {

/// The older API (unitycatalog api/all.yaml), which Databricks serves, too. Nothing is kept. Thread-safe.
class TablesApi {
 public:
  explicit TablesApi(std::shared_ptr<const CatalogClient> client);

  Result<TableDescription> Describe(const TableName& name,
                                    const runtime::CancelToken& cancel) const;

  /// Of a table whose commits the catalog manages. What changes between two pages is asked for once more.
  Result<delta::StagedCommits> Commits(const TableDescription& table,
                                       const runtime::CancelToken& cancel) const;

  struct Page {
    std::vector<TableDescription> tables;
    std::string next;  ///< for the next page; "": this is the last one
  };
  /// `from`: the last page's `next`, or "".
  Result<Page> ListTables(const std::string& catalog, const std::string& schema,
                          const std::string& from, const runtime::CancelToken& cancel) const;
  Result<std::vector<std::string>> ListSchemas(const std::string& catalog,
                                               const runtime::CancelToken& cancel) const;

  /// As the server answers: see vended_credentials.
  Result<Json> TableCredentials(const TableName& name, const std::string& id,
                                const runtime::CancelToken& cancel) const;
  CatalogAnswer PathCredentials(const std::string& location, PathAccess access,
                                const runtime::CancelToken& cancel) const;

  /// Whether who asks is let in at all, and sees a catalog, and a schema.
  Status LetsIn(const runtime::CancelToken& cancel) const;
  Status ShowsCatalog(const std::string& catalog, const runtime::CancelToken& cancel) const;
  Status ShowsSchema(const std::string& catalog, const std::string& schema,
                     const runtime::CancelToken& cancel) const;

 private:
  struct CommitPage;
  Result<CommitPage> OnePageOfCommits(const TableDescription& table, int64_t start,
                                      const runtime::CancelToken& cancel) const;
  Result<delta::StagedCommits> PagesOfCommits(const TableDescription& table, int& pages,
                                              const runtime::CancelToken& cancel) const;

  const std::shared_ptr<const CatalogClient> client_;
};

/// More pages than any listing has: a server that goes on is in a circle.
inline constexpr int kMostPages = 10'000;

}  // namespace sluice::catalog
