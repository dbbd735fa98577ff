#include "sluice/delta/log/file_address.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::delta {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low < 0) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The length of "s3a" in "s3a://bucket/x"; 0 where the path has no scheme.
size_t SchemeLength(std::string_view path) {
  if (path.empty() || !IsLetter(path[0])) return 0;
  for (size_t i = 1; i < path.size(); ++i) {
    const char c = path[i];
    if (c == ':') return i;
    if (!IsLetter(c) && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.') return 0;
  }
  return 0;
}

// Without empty parts, parts that are "." and those that ".." takes back: "./a//b/./../c" is "a/c". What leads out
// of a relative path stays: "../c".
std::string WithoutDots(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t end = path.find('/');
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!absolute) {
      parts.push_back(part);
    }
  }
  return fmt::format("{}{}", absolute ? "/" : "", fmt::join(parts, "/"));
}

// One spelling for addresses of one place: "file:///a" and "file:/a" are "/a", s3a and s3n are s3.
std::string Canonical(std::string_view uri) {
  const size_t scheme_length = SchemeLength(uri);
  if (scheme_length == 0) return WithoutDots(uri);
  const std::string_view scheme = uri.substr(0, scheme_length);
  std::string_view rest = uri.substr(scheme_length + 1);
  if (scheme == "file") {
    if (rest.starts_with("//localhost/"))
      rest.remove_prefix(std::string_view("//localhost").size());
    return WithoutDots(rest);
  }
  if (scheme != "s3" && scheme != "s3a" && scheme != "s3n") return std::string(uri);
  while (rest.starts_with('/')) rest.remove_prefix(1);
  const size_t key = std::min(rest.find('/'), rest.size());  // no ".." leads out of a bucket
  return "s3://" + std::string(rest.substr(0, key)) + WithoutDots(rest.substr(key));
}

}  // namespace

FileAddress AddressOf(std::string_view path, std::string_view root) {
  const std::string decoded = PercentDecode(path);
  const bool is_relative = SchemeLength(path) == 0 && !path.starts_with('/');
  std::string plain = is_relative ? WithoutDots(decoded) : std::string();
  const bool leads_out = plain.starts_with("../");
  if (is_relative && (!leads_out || root.empty())) return {true, std::move(plain)};
  std::string uri = Canonical(is_relative ? fmt::format("{}/{}", root, decoded) : decoded);
  std::string folder = Canonical(root);
  if (!folder.ends_with('/')) folder += '/';
  if (root.empty() || !uri.starts_with(folder)) return {false, std::move(uri)};
  return {true, uri.substr(folder.size())};
}

std::string PhysicalFileKey(std::string_view path, std::string_view root) {
  const FileAddress address = AddressOf(path, root);
  // No relative key begins with a slash.
  return address.relative ? address.key_or_uri : "/" + address.key_or_uri;
}

std::string LogicalFileKey(std::string_view path,
                           const std::optional<DeletionVectorDescriptor>& vector,
                           std::string_view root) {
  std::string key = PhysicalFileKey(path, root);
  if (!vector) return key;
  DeletionVectorDescriptor plain = *vector;
  if (plain.storage_type == 'p') {
    plain.path_or_inline_dv = PhysicalFileKey(plain.path_or_inline_dv, root);
  }
  key += '\0';
  key += plain.UniqueId();
  return key;
}

}  // namespace sluice::delta
