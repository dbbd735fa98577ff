#include "sluice/catalog/tables_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/aws/signer.h"
#include "sluice/base/column_name.h"
#include "sluice/catalog/commit_list.h"

namespace sluice::catalog {
namespace {

/// Of one table; a writer that does not publish its commits is stopped by the server far earlier.
constexpr size_t kMostCommits = 100'000;
/// How often the commits are asked for from the start where they changed between two pages.
constexpr int kCommitTries = 3;

Error Circle(const std::string& name) {
  return WithinAnswer(
      {ErrorKind::kCorrupt, "the catalog's listing does not end: its pages go in a circle", {}},
      name);
}

/// What follows a page; kCorrupt where that is the page itself.
Result<std::string> NextPage(const Json& json, const std::string& from, const std::string& name) {
  std::string next = Text(json, "next_page_token");
  if (!next.empty() && next == from) return Fail(Circle(name));
  return next;
}

}  // namespace

struct TablesApi::CommitPage {
  std::vector<delta::StagedCommit> commits;
  int64_t latest = 0;  ///< -1: the catalog has not accepted any commit yet
};

TablesApi::TablesApi(std::shared_ptr<const CatalogClient> client) : client_(std::move(client)) {}

Result<TableDescription> TablesApi::Describe(const TableName& name,
                                             const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.path = "/tables/" + PathSegment(name.catalog + "." + name.schema + "." + name.table);
  request.subject = SubjectOf(name);
  SLUICE_ASSIGN_OR_RETURN(const Json json, Plainly(client_->Ask(request, cancel)));
  auto table = ReadTableInfo(json);
  if (!table) return Fail(WithinAnswer(std::move(table).error(), request.subject.name));
  // Names that differ in case alone are the same, there as in columns.
  if (!SameColumnName(table->name.catalog, name.catalog) ||
      !SameColumnName(table->name.schema, name.schema) ||
      !SameColumnName(table->name.table, name.table)) {
    return Fail(WithinAnswer({ErrorKind::kCorrupt,
                              fmt::format("the catalog answered about another table, {}",
                                          table->name.ToString().substr(0, 300)),
                              {}},
                             request.subject.name));
  }
  table->name = name;
  return table;
}

Result<TablesApi::CommitPage> TablesApi::OnePageOfCommits(
    const TableDescription& table, int64_t start, const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.path = "/delta/preview/commits";
  request.body =
      Json{{"table_id", table.id}, {"table_uri", table.location}, {"start_version", start}}.dump(
          -1, ' ', false, Json::error_handler_t::replace);
  request.subject = SubjectOf(table.name);
  request.subject.name =
      "its commits";  // the table's name comes in front of every error of this call
  const auto json = client_->Ask(request, cancel);
  if (!json && IsRouteMissing(json.error().fault)) {
    return Fail(Error{
        ErrorKind::kUnsupported,
        "the catalog manages the table's commits, and this server does not show them to others",
        "update the catalog server, or export a copy of the table"});
  }
  if (!json) return Fail(json.error().error);
  CommitPage page;
  SLUICE_ASSIGN_OR_RETURN(page.commits, ReadCommits(Member(*json, "commits"), kUnderscoredKeys));
  const auto latest = Number(*json, "latest_table_version");
  if (!latest || *latest < -1 || (*latest == -1 && !page.commits.empty())) {
    return Fail(ErrorKind::kCorrupt, "the catalog does not name the table's latest version");
  }
  page.latest = *latest;
  return page;
}

Result<delta::StagedCommits> TablesApi::PagesOfCommits(const TableDescription& table, int& pages,
                                                       const runtime::CancelToken& cancel) const {
  std::vector<delta::StagedCommit> commits;
  int64_t start = 0;
  for (pages = 1;; ++pages) {
    SLUICE_ASSIGN_OR_RETURN(auto page, OnePageOfCommits(table, start, cancel));
    // Before the first commit after its creation, the table has the version that created it.
    if (page.latest == -1) return delta::StagedCommits{Version{0}, {}};
    int64_t newest = start - 1;
    for (auto& commit : page.commits) {
      newest = std::max(newest, commit.version.value);
      commits.push_back(std::move(commit));
    }
    if (commits.size() > kMostCommits) {
      return Fail(ErrorKind::kCorrupt, "the catalog lists more than {} commits", kMostCommits);
    }
    if (page.commits.empty() || newest < start || newest >= page.latest) {
      return ChainCommits(std::move(commits), Version{page.latest});
    }
    start = newest + 1;
  }
}

Result<delta::StagedCommits> TablesApi::Commits(const TableDescription& table,
                                                const runtime::CancelToken& cancel) const {
  for (int tried = 1;; ++tried) {
    int pages = 0;
    auto commits = PagesOfCommits(table, pages, cancel);
    // Commits are accepted and published between two pages: both leave holes that a later look does not see.
    const bool may_have_changed =
        !commits && commits.error().kind == ErrorKind::kCorrupt && pages > 1;
    if (commits || !may_have_changed || tried == kCommitTries) {
      if (!commits) return Fail(WithinAnswer(std::move(commits).error(), table.name.ToString()));
      return commits;
    }
  }
}

Result<TablesApi::Page> TablesApi::ListTables(const std::string& catalog, const std::string& schema,
                                              const std::string& from,
                                              const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  // 0: as many as the server likes to send.
  aws::QueryList query{{"catalog_name", catalog}, {"max_results", "0"}, {"schema_name", schema}};
  if (!from.empty()) query.emplace_back("page_token", from);
  request.path = "/tables?" + aws::CanonicalQuery(std::move(query));
  request.subject = SubjectOf({catalog, schema, {}});
  SLUICE_ASSIGN_OR_RETURN(const Json json, Plainly(client_->Ask(request, cancel)));
  Page page;
  SLUICE_ASSIGN_OR_RETURN(page.next, NextPage(json, from, request.subject.name));
  const Json* tables = Member(json, "tables");
  if (tables == nullptr) return page;  // Databricks leaves out what is empty
  if (!tables->is_array()) {
    return Fail(WithinAnswer({ErrorKind::kCorrupt, "the catalog's listing is not a list", {}},
                             request.subject.name));
  }
  for (const auto& entry : *tables) {
    auto table = ReadTableInfo(entry);
    if (!table) return Fail(WithinAnswer(std::move(table).error(), request.subject.name));
    page.tables.push_back(std::move(*table));
  }
  return page;
}

Result<std::vector<std::string>> TablesApi::ListSchemas(const std::string& catalog,
                                                        const runtime::CancelToken& cancel) const {
  std::vector<std::string> names;
  std::string from;
  for (int pages = 1;; ++pages) {
    CatalogRequest request;
    aws::QueryList query{{"catalog_name", catalog}, {"max_results", "0"}};
    if (!from.empty()) query.emplace_back("page_token", from);
    request.path = "/schemas?" + aws::CanonicalQuery(std::move(query));
    request.subject = SubjectOf({catalog, {}, {}});
    SLUICE_ASSIGN_OR_RETURN(const Json json, Plainly(client_->Ask(request, cancel)));
    SLUICE_ASSIGN_OR_RETURN(from, NextPage(json, from, catalog));
    const Json* schemas = Member(json, "schemas");
    for (size_t i = 0; schemas != nullptr && schemas->is_array() && i < schemas->size(); ++i) {
      std::string name = Text((*schemas)[i], "name");
      if (!name.empty()) names.push_back(std::move(name));
    }
    if (from.empty()) return names;
    if (pages >= kMostPages) return Fail(Circle(catalog));
  }
}

Result<Json> TablesApi::TableCredentials(const TableName& name, const std::string& id,
                                         const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.method = "POST";
  request.path = "/temporary-table-credentials";
  request.body = Json{{"table_id", id}, {"operation", "READ"}}.dump(-1, ' ', false,
                                                                    Json::error_handler_t::replace);
  request.subject = SubjectOf(name);
  return Plainly(client_->Ask(request, cancel));
}

CatalogAnswer TablesApi::PathCredentials(const std::string& location, PathAccess access,
                                         const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.method = "POST";
  request.path = "/temporary-path-credentials";
  request.body = Json{{"url", location},
                      {"operation", access == PathAccess::kRead ? "PATH_READ" : "PATH_READ_WRITE"}}
                     .dump(-1, ' ', false, Json::error_handler_t::replace);
  request.subject.name = location;
  request.subject.location = location;
  return client_->Ask(request, cancel);
}

Status TablesApi::LetsIn(const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.path = "/catalogs?max_results=1";
  request.subject.name = client_->host();
  SLUICE_RETURN_IF_ERROR(Plainly(client_->Ask(request, cancel)));
  return {};
}

Status TablesApi::ShowsCatalog(const std::string& catalog,
                               const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.path = "/catalogs/" + PathSegment(catalog);
  request.subject = SubjectOf({catalog, {}, {}});
  SLUICE_RETURN_IF_ERROR(Plainly(client_->Ask(request, cancel)));
  return {};
}

Status TablesApi::ShowsSchema(const std::string& catalog, const std::string& schema,
                              const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.path = "/schemas/" + PathSegment(catalog + "." + schema);
  request.subject = SubjectOf({catalog, schema, {}});
  SLUICE_RETURN_IF_ERROR(Plainly(client_->Ask(request, cancel)));
  return {};
}

}  // namespace sluice::catalog
