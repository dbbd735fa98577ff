#pragma once

#include <string>
#include <string_view>

#include "sluice/base/error.h"
#include "sluice/store/http_client.h"

/// What S3 says when it refuses, and what it means for us. Pure.
namespace sluice::store {

/// An error as the server told it. Empty members were not told.
struct S3Fault {
  int status = 0;
  std::string code;  ///< "NoSuchKey"; for answers without a body, one that the status stands for
  std::string message;
  std::string region;  ///< where the bucket lies, if this was the wrong one
  std::string request_id;
};

/// Whether `body` is a whole document and no <Error>. S3 begins some answers with status 200 before it has
/// carried out the request: an error may follow, or nothing at all.
bool IsWholeDocument(std::string_view body);
S3Fault ParseFault(const HttpResponse& response);

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
/// | wrong region, wrong bucket owner, a name that can't be       | kConfig     |
/// | SlowDown, InternalError, 5xx, 408, 429, 499, 409             | kTransient  |
/// | InvalidObjectState (archived)                                | kSourceGone |
/// | BadDigest, a checksum that differs                           | kTransient  |
/// | status 200 and no whole document where one belongs           | kTransient  |
/// | NotImplemented                                               | kUnsupported|
/// | the rest                                                     | kStorage    |
Error ToError(const S3Fault& fault, const S3Target& target);

bool IsWrongRegion(const S3Fault& fault);
bool IsExpiredToken(const S3Fault& fault);
bool IsSkewedClock(const S3Fault& fault);
/// A refusal of HEAD, which has no body: an expired token, a skewed clock, a wrong region, a missing
/// permission all look alike.
bool HidesItsReason(std::string_view method, const HttpResponse& response);

}  // namespace sluice::store
