#pragma once

#include <string>

#include "sluice/base/result.h"

namespace sluice::catalog {

/// A location as a catalog writes it, in our form: "s3://bucket/path" for s3, s3a and s3n, a plain path for file:,
/// without a slash at its end. kUnsupported for other clouds, by name; kCorrupt for what is not a location, and for one
/// that steps out of its folder by "..".
Result<std::string> ToLocation(const std::string& written);

/// True where `location` is `prefix` or lies below it; both as ToLocation returns them.
bool Covers(const std::string& prefix, const std::string& location);

}  // namespace sluice::catalog
