#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "sluice/base/result.h"
#include "sluice/catalog/catalog_fault.h"
#include "sluice/catalog/json_answer.h"
#include "sluice/catalog/patient_http.h"
#include "sluice/catalog/token_source.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::catalog {

struct CatalogRequest {
  std::string method = "GET";
  std::string path;  ///< below the API's root, encoded: "/tables/main.sales.events"
  std::string body;  ///< JSON, or ""
  Subject subject;
};

/// Why a request failed: for a person, and what the server said, for the program. `fault.status` is 0 where the
/// server did not refuse but did not answer, or answered something else than a catalog does.
struct CatalogFailure {
  Error error;
  CatalogFault fault;
};
using CatalogAnswer = tl::expected<Json, CatalogFailure>;

/// The answer, where the caller does not look at what the server said.
Result<Json> Plainly(CatalogAnswer answer);

/// One catalog server: requests in JSON, signed in, patient (patient_http). Thread-safe.
class CatalogClient {
 public:
  /// `asker`: who asks, for the SQL of grants; "" if nobody knows.
  CatalogClient(std::string host, std::string asker, std::shared_ptr<const PatientHttp> http,
                std::shared_ptr<TokenSource> tokens);

  /// The answer of a status from 200 to 299, an object. A token that the server refuses is renewed once.
  CatalogAnswer Ask(const CatalogRequest& request, const runtime::CancelToken& cancel) const;

  const std::string& host() const { return host_; }

 private:
  CatalogAnswer Read(const net::HttpResponse& answer, const Subject& subject) const;

  const std::string host_, asker_;
  const std::shared_ptr<const PatientHttp> http_;
  const std::shared_ptr<TokenSource> tokens_;
};

/// `part` as one segment of a path: every byte but letters, digits and - . _ ~ is encoded. A segment of dots only
/// is encoded, too, so that nothing on the way takes it for a folder's parent.
std::string PathSegment(std::string_view part);

}  // namespace sluice::catalog
