#include "sluice/catalog/vended_credentials.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>

#include "sluice/catalog/table_location.h"

namespace sluice::catalog {
namespace {

std::optional<Timestamp> Expiry(const Json& json, const char* name) {
  const auto millis = Number(json, name);
  if (!millis || *millis <= 0 || *millis > std::numeric_limits<int64_t>::max() / 1000) {
    return std::nullopt;  // no known end
  }
  return Timestamp{*millis * 1000};
}

Error OtherCloud(std::string_view cloud) {
  return {ErrorKind::kUnsupported,
          fmt::format("the catalog issued credentials of {}, and sluice reads from S3 only", cloud),
          "copy the table to S3, and export the copy"};
}

Error None() {
  return {ErrorKind::kCorrupt, "the catalog's answer holds no credentials of AWS",
          "check that the catalog has a storage credential of AWS for this location"};
}

Error NotCovered(const std::string& location, const std::string& scope) {
  return {ErrorKind::kPermission,
          fmt::format("the credentials that the catalog issued are for {}, which does not cover {}",
                      scope.empty() ? "no location" : scope, location),
          "run again: the table may have been made anew; if this stays, set `path` to what the "
          "catalog says"};
}

/// What is signed into a header must be one line.
bool IsOneLine(const std::string& text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

Result<aws::Credentials> Checked(aws::Credentials credentials) {
  const bool is_whole = !credentials.access_key.empty() && !credentials.secret_key.empty();
  if (!is_whole || !IsOneLine(credentials.access_key) || !IsOneLine(credentials.secret_key) ||
      !IsOneLine(credentials.session_token)) {
    return Fail(None());
  }
  return credentials;
}

}  // namespace

Result<aws::Credentials> ReadIssuedCredentials(const Json& answer, const std::string& location) {
  const Json* aws = Member(answer, "aws_temp_credentials");
  if (aws == nullptr) {
    struct Cloud {
      const char* member;
      std::string_view name;
    };
    constexpr std::array<Cloud, 4> kClouds{{{"azure_user_delegation_sas", "Azure"},
                                            {"azure_aad", "Azure"},
                                            {"gcp_oauth_token", "Google Cloud"},
                                            {"r2_temp_credentials", "Cloudflare R2"}}};
    for (const auto& cloud : kClouds) {
      if (Member(answer, cloud.member) != nullptr) return Fail(OtherCloud(cloud.name));
    }
    return Fail(None());
  }
  const std::string url = Text(answer, "url");
  if (!url.empty()) {
    SLUICE_ASSIGN_OR_RETURN(const std::string scope, ToLocation(url));
    if (!Covers(scope, location)) return Fail(NotCovered(location, scope));
  }
  return Checked({Text(*aws, "access_key_id"), Text(*aws, "secret_access_key"),
                  Text(*aws, "session_token"), Expiry(answer, "expiration_time")});
}

Result<aws::Credentials> ReadStorageCredentials(const Json& answer, const std::string& location,
                                                PathAccess access) {
  const Json* list = Member(answer, "storage-credentials");
  if (list == nullptr || !list->is_array()) return Fail(None());
  const Json* best = nullptr;
  std::string best_prefix, other_prefix;
  for (const auto& entry : *list) {
    const auto prefix = ToLocation(Text(entry, "prefix"));
    if (!prefix) continue;  // of another cloud, or of nothing: another entry may serve
    const std::string operation = Text(entry, "operation");
    const bool allows = operation == "READ_WRITE" || operation.empty() ||
                        (operation == "READ" && access == PathAccess::kRead);
    if (!Covers(*prefix, location) || !allows) {
      other_prefix = *prefix;
    } else if (best == nullptr || prefix->size() > best_prefix.size()) {
      best = &entry;
      best_prefix = *prefix;
    }
  }
  if (best == nullptr) return Fail(NotCovered(location, other_prefix));
  const Json* config = Member(*best, "config");
  if (config == nullptr) return Fail(None());
  for (const auto& [name, value] : config->items()) {
    if (name.starts_with("azure.") || name.starts_with("adls.")) return Fail(OtherCloud("Azure"));
    if (name.starts_with("gcs.")) return Fail(OtherCloud("Google Cloud"));
  }
  return Checked({Text(*config, "s3.access-key-id"), Text(*config, "s3.secret-access-key"),
                  Text(*config, "s3.session-token"), Expiry(*best, "expiration-time-ms")});
}

}  // namespace sluice::catalog
