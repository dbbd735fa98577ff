#include "sluice/catalog/catalog_client.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/aws/signer.h"

namespace sluice::catalog {
namespace {

constexpr char kRoot[] = "/api/2.1/unity-catalog";

CatalogFailure NotACatalog(const std::string& message, ErrorKind kind = ErrorKind::kCorrupt) {
  return {{kind, message,
           "check that `catalog.url` is the URL of the workspace or of a Unity Catalog server, and "
           "that no proxy "
           "answers in its place"},
          {}};
}

}  // namespace

Result<Json> Plainly(CatalogAnswer answer) {
  if (!answer) return Fail(std::move(answer).error().error);
  return std::move(*answer);
}

CatalogClient::CatalogClient(std::string host, std::string asker,
                             std::shared_ptr<const PatientHttp> http,
                             std::shared_ptr<TokenSource> tokens)
    : host_(std::move(host)),
      asker_(std::move(asker)),
      http_(std::move(http)),
      tokens_(std::move(tokens)) {}

CatalogAnswer CatalogClient::Ask(const CatalogRequest& request,
                                 const runtime::CancelToken& cancel) const {
  const std::string& name = request.subject.name;
  const auto fail = [&](Error error) {
    if (error.kind != ErrorKind::kCancelled) error = std::move(error).Within(name);
    return tl::make_unexpected(CatalogFailure{std::move(error), {}});
  };
  net::HttpRequest http;
  http.method = request.method;
  http.url = host_ + kRoot + request.path;
  http.body = request.body;
  std::string refused;
  while (true) {
    const auto token = tokens_->Get(refused, cancel);
    if (!token) return fail(token.error());
    http.headers = {{"accept", "application/json"}, {"user-agent", "sluice/" SLUICE_VERSION}};
    if (!token->empty()) http.headers.emplace_back("authorization", "Bearer " + *token);
    if (!request.body.empty()) http.headers.emplace_back("content-type", "application/json");
    auto answer = http_->Send(http, cancel);
    if (!answer) return fail(std::move(answer).error());
    // One that is not renewed is the same again, and refused again.
    if (refused.empty() && answer->status == 401 &&
        IsRefusedToken(ParseFault(answer->status, answer->body))) {
      refused = *token;
      const auto renewed = tokens_->Get(refused, cancel);
      if (!renewed) return fail(renewed.error());
      if (*renewed != refused) continue;
    }
    Subject subject = request.subject;
    subject.asker = asker_;
    auto read = Read(*answer, subject);
    if (!read && token->empty() && read.error().fault.status == 401) {
      read.error().error = {
          ErrorKind::kPermission,
          fmt::format("{}: the catalog wants a token, and none is configured", name),
          "set `catalog.auth`, DATABRICKS_TOKEN, or a profile in ~/.databrickscfg"};
    }
    return read;
  }
}

CatalogAnswer CatalogClient::Read(const net::HttpResponse& answer, const Subject& subject) const {
  const bool is_success = answer.status >= 200 && answer.status < 300;
  if (answer.status >= 300 && answer.status < 400) {
    return tl::make_unexpected(
        NotACatalog(fmt::format("{}: {} answered with a redirect (HTTP status {}): is "
                                "`catalog.url` the workspace's URL?",
                                subject.name, host_, answer.status),
                    ErrorKind::kConfig));
  }
  if (IsHtml(answer) && !IsRefusalForNow(answer.status)) {
    CatalogFailure failure = NotACatalog(
        fmt::format(
            "{}: {} answered with HTML (HTTP status {}): is `catalog.url` the workspace's URL?",
            subject.name, host_, answer.status),
        ErrorKind::kConfig);
    failure.fault.status = is_success ? 0 : answer.status;  // a call that is missing may be told so
    return tl::make_unexpected(std::move(failure));
  }
  if (!is_success) {
    CatalogFault fault = ParseFault(answer.status, answer.body);
    Error error = ToError(fault, subject);
    return tl::make_unexpected(CatalogFailure{std::move(error), std::move(fault)});
  }
  auto json = ParseJson(answer.body);
  if (!json) {
    return tl::make_unexpected(
        NotACatalog(fmt::format("{}: {}: {}", subject.name, host_, json.error().message)));
  }
  if (!json->is_object()) {
    return tl::make_unexpected(
        NotACatalog(fmt::format("{}: {}: the answer is not a JSON object", subject.name, host_)));
  }
  return std::move(*json);
}

std::string PathSegment(std::string_view part) {
  if (part == "." || part == "..") return part.size() == 1 ? "%2E" : "%2E%2E";
  return aws::UriEncode(part, /*keep_slash=*/false);
}

}  // namespace sluice::catalog
