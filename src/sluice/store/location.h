#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::store {

/// A place that a user names: an absolute local folder, file:// URL, or s3://bucket/prefix.
struct Location {
  enum class Scheme { kLocal, kS3 };
  Scheme scheme = Scheme::kLocal;
  std::string bucket;  ///< s3 only
  std::string path;    ///< local: absolute path; s3: prefix without leading or trailing slash
  std::string ToString() const;
  /// The place `relative` below this one.
  Location Child(std::string_view relative) const;
  /// The folder that this one lies in; kUsage at a root.
  Result<Location> Parent() const;
  std::string LastPart() const;
};

/// The same place with the symbolic links of a local path followed, as far as its folders exist. Asks the file
/// system about each part of the path: resolve once what is compared often.
Location Resolved(Location location);

/// Whether `inner` is `outer` or lies below it. Pure; give it resolved locations.
bool Contains(const Location& outer, const Location& inner);

/// Relative local paths are taken from `base_folder` (absolute). kConfig on an unknown scheme.
Result<Location> ParseLocation(std::string_view url, std::string_view base_folder);

}  // namespace sluice::store
