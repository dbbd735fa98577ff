#include "sluice/aws/fault.h"

#include <pugixml.hpp>

namespace sluice::aws {

Fault ParseFault(const net::HttpResponse& response) {
  Fault fault;
  fault.status = response.status;
  fault.region = response.header("x-amz-bucket-region");
  fault.request_id = response.header("x-amz-request-id");
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    pugi::xml_node error = document.document_element();
    if (const auto inner = error.child("Error")) error = inner;
    fault.code = error.child("Code").text().get();
    fault.message = error.child("Message").text().get();
    if (fault.region.empty()) fault.region = error.child("Region").text().get();
  }
  // STS has no code of its own for a clock that differs.
  if (fault.code == "SignatureDoesNotMatch" &&
      (fault.message.starts_with("Signature expired") ||
       fault.message.starts_with("Signature not yet current"))) {
    fault.code = "RequestTimeTooSkewed";
  }
  return fault;
}

bool IsExpiredToken(const Fault& fault) {
  return fault.code == "ExpiredToken" || fault.code == "ExpiredTokenException";
}

bool IsSkewedClock(const Fault& fault) { return fault.code == "RequestTimeTooSkewed"; }

}  // namespace sluice::aws
