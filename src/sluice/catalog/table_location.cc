#include "sluice/catalog/table_location.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace sluice::catalog {
namespace {

bool StepsOut(std::string_view path) {
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part == "..") return true;
    path.remove_prefix(std::min(path.size(), part.size() + 1));
  }
  return false;
}

std::string CloudOf(const std::string& scheme) {
  if (scheme == "abfss" || scheme == "abfs" || scheme == "wasb" || scheme == "wasbs") {
    return "Azure storage";
  }
  if (scheme == "adl") return "Azure Data Lake storage";
  if (scheme == "gs") return "Google Cloud Storage";
  if (scheme == "r2") return "Cloudflare R2";
  if (scheme == "dbfs") return "DBFS";
  return scheme + "://";
}

}  // namespace

Result<std::string> ToLocation(const std::string& written) {
  const auto corrupt = [&](std::string_view why) {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("the catalog's location '{}' {}", written.substr(0, 300), why),
                      "correct the table's location in the catalog, or set `path`"});
  };
  if (written.empty()) return corrupt("is empty");
  if (std::any_of(written.begin(), written.end(),
                  [](unsigned char c) { return std::iscntrl(c); })) {
    return corrupt("holds a control character");
  }
  if (StepsOut(written)) return corrupt("steps out of its folder by '..'");
  std::string location = written;
  const size_t split = written.find(':');
  if (!written.starts_with('/') && split != std::string::npos) {
    std::string scheme = written.substr(0, split);
    std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string rest = written.substr(split + 1);
    if (scheme == "file") {
      if (rest.starts_with("//")) rest.erase(0, 2);
      if (!rest.starts_with('/')) return corrupt("is not an absolute one");
      location = rest;
    } else if (scheme == "s3" || scheme == "s3a" || scheme == "s3n") {
      if (!rest.starts_with("//") || rest.size() < 3 || rest[2] == '/') {
        return corrupt("names no bucket");
      }
      location = "s3:" + rest;
    } else {
      return Fail(
          Error{ErrorKind::kUnsupported,
                fmt::format("its files lie in {} ({}), and sluice reads from S3 and from folders",
                            CloudOf(scheme), written.substr(0, 300)),
                "copy the table to S3, and export the copy"});
    }
  }
  while (location.size() > 1 && location.ends_with('/')) location.pop_back();
  if (!location.starts_with("s3://") && !location.starts_with('/')) {
    return corrupt("is not an absolute one");
  }
  return location;
}

bool Covers(const std::string& prefix, const std::string& location) {
  return location == prefix || prefix == "/" ||
         (location.size() > prefix.size() && location.starts_with(prefix) &&
          location[prefix.size()] == '/');
}

}  // namespace sluice::catalog
