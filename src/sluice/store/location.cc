#include "sluice/store/location.h"

#include <filesystem>
#include <system_error>
#include <utility>

namespace sluice::store {
namespace {

std::string TrimSlashes(std::string_view text) {
  while (!text.empty() && text.front() == '/') text.remove_prefix(1);
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  return std::string(text);
}

Result<Location> ParseLocal(std::string_view path, std::string_view base_folder) {
  if (path.empty()) return Fail(ErrorKind::kConfig, "an empty path names no folder");
  std::filesystem::path full(path);
  if (full.is_relative()) full = std::filesystem::path(base_folder) / full;
  std::string text = full.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  Location location;
  location.path = std::move(text);
  return location;
}

/// The path with its symbolic links resolved, as far as it exists.
}  // namespace

std::string Location::ToString() const {
  if (scheme == Scheme::kLocal) return path;
  return path.empty() ? "s3://" + bucket : "s3://" + bucket + "/" + path;
}

Location Location::Child(std::string_view relative) const {
  Location child = *this;
  if (!child.path.empty() && child.path.back() != '/') child.path += '/';
  child.path += TrimSlashes(relative);
  return child;
}

Result<Location> Location::Parent() const {
  const size_t slash = path.rfind('/');
  if (path.empty() || path == "/") {
    return Fail(Error{ErrorKind::kUsage, fmt::format("{} has no folder above it", ToString()),
                      "name a folder below it"});
  }
  Location parent = *this;
  if (slash == std::string::npos) {
    parent.path.clear();
  } else {
    parent.path = slash == 0 && scheme == Scheme::kLocal ? "/" : path.substr(0, slash);
  }
  return parent;
}

std::string Location::LastPart() const { return path.substr(path.rfind('/') + 1); }

Location Resolved(Location location) {
  if (location.scheme == Location::Scheme::kS3) return location;
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(location.path, error);
  if (!error) location.path = real.string();
  while (location.path.size() > 1 && location.path.back() == '/') location.path.pop_back();
  return location;
}

bool Contains(const Location& outer, const Location& inner) {
  if (inner.scheme != outer.scheme || inner.bucket != outer.bucket) return false;
  const bool is_root = outer.path.empty() || outer.path == "/";
  return is_root || inner.path == outer.path ||
         (inner.path.starts_with(outer.path) && inner.path[outer.path.size()] == '/');
}

Result<Location> ParseLocation(std::string_view url, std::string_view base_folder) {
  const size_t colon = url.find("://");
  if (colon == std::string_view::npos) {
    if (url.starts_with("file:/")) return ParseLocal(url.substr(5), base_folder);  // Hadoop's form
    for (const std::string_view lame : {"s3:", "s3a:"}) {
      if (!url.starts_with(lame)) continue;
      return Fail(Error{ErrorKind::kConfig, fmt::format("'{}' is not the URL of a bucket", url),
                        "use s3://bucket/prefix, with two slashes"});
    }
    return ParseLocal(url, base_folder);
  }
  const std::string_view scheme = url.substr(0, colon);
  const std::string_view rest = url.substr(colon + 3);
  if (scheme == "file") return ParseLocal(rest, base_folder);
  if (scheme == "s3" || scheme == "s3a") {
    Location location;
    location.scheme = Location::Scheme::kS3;
    const size_t slash = rest.find('/');
    location.bucket = std::string(rest.substr(0, slash));
    if (slash != std::string_view::npos) location.path = TrimSlashes(rest.substr(slash));
    if (location.bucket.empty()) return Fail(ErrorKind::kConfig, "'{}' names no bucket", url);
    return location;
  }
  return Fail(Error{ErrorKind::kConfig, fmt::format("'{}': unknown scheme '{}'", url, scheme),
                    "use s3://bucket/prefix or a local folder"});
}

}  // namespace sluice::store
