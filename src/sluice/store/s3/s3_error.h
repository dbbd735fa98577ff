#pragma once

#include <string>
#include <string_view>

#include "sluice/aws/fault.h"
#include "sluice/base/error.h"
#include "sluice/net/http_client.h"

/// What S3 says when it refuses, and what it means for us. Pure.
namespace sluice::store {

/// Whether `body` is a whole document and no <Error>. S3 begins some answers with status 200 before it has
/// carried out the request: an error may follow, or nothing at all.
bool IsWholeDocument(std::string_view body);
/// As aws::ParseFault does; where the body gives no code, the one that the status stands for.
aws::Fault ParseFault(const net::HttpResponse& response);

/// Where the request was going, for messages.
struct S3Target {
  std::string name;    ///< "s3://bucket/key"
  std::string action;  ///< "reading", "listing", ...
  std::string bucket;
  std::string region;
  std::string
      permission;  ///< "s3:GetObject", which the request needs; "" where that is not one word
};

/// The fault with a kind and a remedy:
///
/// | the server says                                              | kind        |
/// |--------------------------------------------------------------|-------------|
/// | NoSuchKey, NoSuchBucket, NoSuchUpload, 404                    | kNotFound   |
/// | PreconditionFailed, 412                                      | kConflict   |
/// | AccessDenied, expired or unknown credentials, skewed clock   | kPermission |
/// | wrong region, wrong bucket owner, an invalid name            | kConfig     |
/// | SlowDown, InternalError, 5xx, 408, 429, 499, 409             | kTransient  |
/// | InvalidObjectState (archived)                                | kSourceGone |
/// | BadDigest, a checksum that differs                           | kTransient  |
/// | status 200 and no whole document where one belongs           | kTransient  |
/// | NotImplemented                                               | kUnsupported|
/// | the rest                                                     | kStorage    |
Error ToError(const aws::Fault& fault, const S3Target& target);

bool IsWrongRegion(const aws::Fault& fault);
/// A refusal of HEAD, which has no body: an expired token, a skewed clock, a wrong region, a missing
/// permission all look alike.
bool HidesItsReason(std::string_view method, const net::HttpResponse& response);

}  // namespace sluice::store
