#include "sluice/store/s3/s3_error.h"

#include <fmt/format.h>

#include <array>
#include <pugixml.hpp>

namespace sluice::store {
namespace {

struct Meaning {
  std::string_view code;
  ErrorKind kind;
  std::string_view remedy;  // {permission}, {bucket}, {region} are filled in
};

constexpr auto kMeanings = std::to_array<Meaning>({
    {"NoSuchKey", ErrorKind::kNotFound, ""},
    {"NoSuchUpload", ErrorKind::kNotFound, ""},
    {"NoSuchBucket", ErrorKind::kNotFound,
     "check the bucket's name and `endpoint`, or create the bucket"},
    {"PreconditionFailed", ErrorKind::kConflict, ""},
    {"ConditionalRequestConflict", ErrorKind::kTransient, ""},
    {"OperationAborted", ErrorKind::kTransient, ""},
    {"AccessDenied", ErrorKind::kPermission,
     "allow {permission} in the policy of the credentials and of bucket {bucket} (and of its KMS "
     "key); `sluice check` reports what else is missing"},
    {"AllAccessDisabled", ErrorKind::kPermission, "enable access to bucket {bucket}"},
    {"InvalidAccessKeyId", ErrorKind::kPermission,
     "check the access key, and that it belongs to this `endpoint`"},
    {"SignatureDoesNotMatch", ErrorKind::kPermission,
     "check the secret key; it does not belong to the access key"},
    {"ExpiredToken", ErrorKind::kPermission, "renew the session token and run again"},
    {"ExpiredTokenException", ErrorKind::kPermission, "renew the session token and run again"},
    {"InvalidToken", ErrorKind::kPermission,
     "renew the session token; it does not belong to the access key"},
    {"RequestTimeTooSkewed", ErrorKind::kPermission,
     "set this machine's clock by NTP; it differs from the server's"},
    {"InvalidObjectState", ErrorKind::kSourceGone,
     "restore the object from the archive, then run again"},
    {"KMS.DisabledException", ErrorKind::kPermission, "enable the KMS key"},
    {"KMS.NotFoundException", ErrorKind::kConfig, "set `kms_key_id` to a key of this region"},
    {"kms:KeyNotFound", ErrorKind::kConfig, "set `kms_key_id` to a key of this server"},
    {"InvalidBucketName", ErrorKind::kConfig, "correct the bucket's name"},
    {"PermanentRedirect", ErrorKind::kConfig, "set `region: {region}`"},
    {"AuthorizationHeaderMalformed", ErrorKind::kConfig, "set `region: {region}`"},
    {"IllegalLocationConstraintException", ErrorKind::kConfig, "set `region: {region}`"},
    {"TemporaryRedirect", ErrorKind::kTransient, ""},
    {"SlowDown", ErrorKind::kTransient, ""},
    {"SlowDownRead", ErrorKind::kTransient, ""},
    {"SlowDownWrite", ErrorKind::kTransient, ""},
    {"Throttling", ErrorKind::kTransient, ""},
    {"ThrottlingException", ErrorKind::kTransient, ""},
    {"RequestTimeout", ErrorKind::kTransient, ""},
    {"InternalError", ErrorKind::kTransient, ""},
    {"ServiceUnavailable", ErrorKind::kTransient, ""},
    {"BadDigest", ErrorKind::kTransient, ""},
    {"XAmzContentSHA256Mismatch", ErrorKind::kTransient, ""},
    {"IncompleteBody", ErrorKind::kTransient, ""},
    {"IncompleteAnswer", ErrorKind::kTransient, ""},
    {"QuotaExceeded", ErrorKind::kStorage,
     "raise the quota of bucket {bucket} or free space in it"},
    {"XMinioStorageFull", ErrorKind::kStorage, "free space on the server; nothing is lost"},
    {"NotImplemented", ErrorKind::kUnsupported,
     "use a store that knows this request: sluice needs If-None-Match, multipart uploads and "
     "ListObjectsV2"},
    {"MethodNotAllowed", ErrorKind::kUnsupported, ""},
});

/// Our own code: S3 has none for an answer that it did not finish.
constexpr std::string_view kIncompleteAnswer = "IncompleteAnswer";

/// What a status stands for where there is no body that says more, as in answers to HEAD.
std::string CodeOf(int status) {
  switch (status) {
    case 200:
      return std::string(kIncompleteAnswer);
    case 301:
      return "PermanentRedirect";
    case 307:
      return "TemporaryRedirect";
    case 403:
      return "AccessDenied";
    case 404:
      return "NoSuchKey";
    case 408:
      return "RequestTimeout";
    case 409:
      return "ConditionalRequestConflict";
    case 412:
      return "PreconditionFailed";
    case 429:
      return "SlowDown";
    case 501:
      return "NotImplemented";
    case 503:
      return "SlowDown";
    default:
      return {};
  }
}

const Meaning* FindMeaning(std::string_view code) {
  for (const auto& meaning : kMeanings) {
    if (meaning.code == code) return &meaning;
  }
  return nullptr;
}

std::string Fill(std::string_view text, const S3Target& target, const aws::Fault& fault) {
  std::string filled(text);
  const std::string region = fault.region.empty() ? "<the bucket's region>" : fault.region;
  const std::string permission = target.permission.empty() ? "this" : target.permission;
  for (const auto& [name, value] : {std::pair{std::string("{permission}"), permission},
                                    std::pair{std::string("{bucket}"), target.bucket},
                                    std::pair{std::string("{region}"), region}}) {
    const size_t at = filled.find(name);
    if (at != std::string::npos) filled.replace(at, name.size(), value);
  }
  return filled;
}

ErrorKind KindOf(const aws::Fault& fault, const Meaning* meaning) {
  if (meaning != nullptr) return meaning->kind;
  // 499: MinIO lost the thread of a client that stood still for a while, and says so to it.
  constexpr int kClientWentAway = 499;
  if (fault.status >= 500 || fault.status == 408 || fault.status == 429 ||
      fault.status == kClientWentAway) {
    return ErrorKind::kTransient;
  }
  if (fault.status == 403 || fault.status == 401) return ErrorKind::kPermission;
  if (fault.status == 404) return ErrorKind::kNotFound;
  return ErrorKind::kStorage;
}

}  // namespace

bool IsWholeDocument(std::string_view body) {
  pugi::xml_document document;
  return document.load_buffer(body.data(), body.size()) &&
         std::string_view(document.document_element().name()) != "Error";
}

aws::Fault ParseFault(const net::HttpResponse& response) {
  aws::Fault fault = aws::ParseFault(response);
  if (fault.code.empty()) fault.code = CodeOf(response.status);
  if (fault.code == kIncompleteAnswer) fault.message = "the answer ended before it said anything";
  return fault;
}

Error ToError(const aws::Fault& fault, const S3Target& target) {
  const Meaning* meaning = FindMeaning(fault.code);
  Error error{KindOf(fault, meaning), {}, {}};
  std::string why = fault.code.empty() ? fmt::format("HTTP status {}", fault.status) : fault.code;
  if (!fault.message.empty()) why += ": " + fault.message;
  if (IsWrongRegion(fault)) {
    why = fmt::format("{} (asked in region {}{})", why, target.region,
                      fault.region.empty() ? "" : "; the bucket lies in " + fault.region);
  }
  error.message = fmt::format("{}: {} failed: {}", target.name, target.action, why);
  if (!fault.request_id.empty() && error.kind != ErrorKind::kNotFound) {
    error.message += fmt::format(" (request {})", fault.request_id);
  }
  if (meaning != nullptr) error.remedy = Fill(meaning->remedy, target, fault);
  return error;
}

bool IsWrongRegion(const aws::Fault& fault) {
  return fault.code == "PermanentRedirect" || fault.code == "IllegalLocationConstraintException" ||
         fault.code == "AuthorizationHeaderMalformed";
}

bool HidesItsReason(std::string_view method, const net::HttpResponse& response) {
  return method == "HEAD" && (response.status == 400 || response.status == 403);
}

}  // namespace sluice::store
