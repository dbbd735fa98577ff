#include "sluice/catalog/delta_api.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/aws/signer.h"
#include "sluice/catalog/commit_list.h"

namespace sluice::catalog {
namespace {

constexpr char kTableRoute[] = "GET /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}";
constexpr char kCredentialsRoute[] =
    "GET /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}/credentials";

std::string TablePath(const TableName& name) {
  return fmt::format("/delta/v1/catalogs/{}/schemas/{}/tables/{}", PathSegment(name.catalog),
                     PathSegment(name.schema), PathSegment(name.table));
}

Result<std::optional<delta::StagedCommits>> ReadCommitsOf(const TableDescription& table,
                                                          const Json& json) {
  SLUICE_ASSIGN_OR_RETURN(auto commits, ReadCommits(Member(json, "commits"), kDashedKeys));
  if (!IsCatalogManaged(table)) {
    if (commits.empty()) return std::nullopt;
    return Fail(
        ErrorKind::kCorrupt,
        "the catalog lists commits of a table whose properties do not say that it manages them");
  }
  const auto latest = Number(json, "latest-table-version");
  if (!latest || *latest < 0) {
    return Fail(ErrorKind::kCorrupt, "the catalog does not name the table's latest version");
  }
  SLUICE_ASSIGN_OR_RETURN(auto chain, ChainCommits(std::move(commits), Version{*latest}));
  return std::optional(std::move(chain));
}

}  // namespace

DeltaApi::DeltaApi(std::shared_ptr<const CatalogClient> client) : client_(std::move(client)) {}

Result<DeltaApi::Routes> DeltaApi::AskForRoutes(const std::string& catalog,
                                                const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.path = "/delta/v1/config?" +
                 aws::CanonicalQuery({{"catalog", catalog}, {"protocol-versions", "1.0"}});
  request.subject = SubjectOf({catalog, {}, {}});
  const auto json = client_->Ask(request, cancel);
  if (!json) {
    const CatalogFault& fault = json.error().fault;
    // A server that speaks none of our versions of it refuses the parameter.
    if (IsRouteMissing(fault) || fault.status == 400) return Routes{};
    return Fail(json.error().error);
  }
  Routes routes;
  const Json* endpoints = Member(*json, "endpoints");
  for (size_t i = 0; endpoints != nullptr && endpoints->is_array() && i < endpoints->size(); ++i) {
    const Json& endpoint = (*endpoints)[i];
    if (!endpoint.is_string()) continue;
    if (endpoint == kTableRoute) routes.table = true;
    if (endpoint == kCredentialsRoute) routes.credentials = true;
  }
  return routes;
}

Result<DeltaApi::Routes> DeltaApi::RoutesOf(const std::string& catalog,
                                            const runtime::CancelToken& cancel) {
  SharedRoutes shared;
  {
    const MutexLock lock(mutex_);
    SharedRoutes& slot = routes_[catalog];
    if (!slot) slot = std::make_shared<runtime::Renewal<Routes>>();
    shared = slot;
  }
  return shared->Get(
      cancel, [](const Routes&) { return true; }, [&] { return AskForRoutes(catalog, cancel); });
}

Result<std::optional<Json>> DeltaApi::Ask(const std::string& path, const TableName& name,
                                          const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.path = path;
  request.subject = SubjectOf(name);
  auto json = client_->Ask(request, cancel);
  if (json) return std::optional(std::move(*json));
  if (IsRouteMissing(json.error().fault) || IsUnsupportedFormat(json.error().fault)) {
    return std::nullopt;
  }
  return Fail(std::move(json).error().error);
}

Result<std::optional<DeltaApi::Table>> DeltaApi::FindTable(const TableName& name,
                                                           const runtime::CancelToken& cancel) {
  SLUICE_ASSIGN_OR_RETURN(const Routes routes, RoutesOf(name.catalog, cancel));
  if (!routes.table) return std::nullopt;
  SLUICE_ASSIGN_OR_RETURN(const auto json, Ask(TablePath(name), name, cancel));
  if (!json) return std::nullopt;
  const std::string whole = name.ToString();
  const Json* metadata = Member(*json, "metadata");
  auto table = ReadTableMetadata(metadata == nullptr ? Json() : *metadata, name);
  if (!table) return Fail(WithinAnswer(std::move(table).error(), whole));
  auto commits = ReadCommitsOf(*table, *json);
  if (!commits) return Fail(WithinAnswer(std::move(commits).error(), whole));
  return std::optional(Table{std::move(*table), std::move(*commits)});
}

Result<Json> DeltaApi::PathCredentials(const std::string& location, PathAccess access,
                                       const runtime::CancelToken& cancel) const {
  CatalogRequest request;
  request.path =
      "/delta/v1/temporary-path-credentials?" +
      aws::CanonicalQuery({{"location", location},
                           {"operation", access == PathAccess::kRead ? "READ" : "READ_WRITE"}});
  request.subject.name = location;
  request.subject.location = location;
  return Plainly(client_->Ask(request, cancel));
}

Result<std::optional<Json>> DeltaApi::TableCredentials(const TableName& name,
                                                       const runtime::CancelToken& cancel) {
  SLUICE_ASSIGN_OR_RETURN(const Routes routes, RoutesOf(name.catalog, cancel));
  if (!routes.credentials) return std::nullopt;
  return Ask(TablePath(name) + "/credentials?operation=READ", name, cancel);
}

}  // namespace sluice::catalog
