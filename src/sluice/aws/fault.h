#pragma once

#include <string>

#include "sluice/net/http_client.h"

namespace sluice::aws {

/// A refusal as one of AWS's services reported it. Empty members were not reported.
struct Fault {
  int status = 0;
  std::string code;  ///< "NoSuchKey", "AccessDenied"
  std::string message;
  std::string region;  ///< where the bucket lies, if this was the wrong one
  std::string request_id;
};

/// The answer's <Error>, which STS wraps into <ErrorResponse>. Pure.
Fault ParseFault(const net::HttpResponse& response);

bool IsExpiredToken(const Fault& fault);
bool IsSkewedClock(const Fault& fault);

}  // namespace sluice::aws
