#include <optional>
#include <string>
#include <utility>

#include "sluice/delta/read/data_path.h"

namespace sluice::delta {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
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

// One spelling for addresses of one place: "file:///a" and "file:/a" are "/a", s3a and s3n are s3.
std::string Canonical(std::string_view uri) {
  const size_t scheme_length = SchemeLength(uri);
  const std::string_view scheme = uri.substr(0, scheme_length);
  if (scheme == "file") {
    std::string_view path = uri.substr(scheme_length + 1);
    if (path.starts_with("//")) path.remove_prefix(2);
    return std::string(path);
  }
  if (scheme == "s3a" || scheme == "s3n") return "s3" + std::string(uri.substr(scheme_length));
  return std::string(uri);
}

}  // namespace

Result<DataFileAddress> ResolvePath(std::string_view path, const store::ObjectStore& table_store) {
  auto decoded = PercentDecode(path);
  if (!decoded) {
    return Fail(ErrorKind::kCorrupt, "path '{}' in the log has a broken percent escape", path);
  }
  DataFileAddress address;
  if (SchemeLength(path) == 0 && !path.starts_with('/')) {
    address.key_or_uri = *std::move(decoded);
  } else {
    std::string root = table_store.DisplayName("");
    if (!root.ends_with('/')) root += '/';
    const std::string uri = Canonical(*decoded);
    address.relative = uri.starts_with(root);
    address.key_or_uri = address.relative ? uri.substr(root.size()) : uri;
  }
  if (address.relative && !store::ValidateKey(address.key_or_uri)) {
    return Fail(ErrorKind::kCorrupt, "path '{}' in the log is no file of the table", path);
  }
  return address;
}

}  // namespace sluice::delta
