#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "sluice/base/error.h"

namespace sluice {

/// What every function that can fail returns: a value, or an Error that says why not.
/// `Status` is the same for functions that have nothing to return.
template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// Builds the failing side of a Result, e.g.
/// `return Fail(ErrorKind::kCorrupt, "{}: not a Parquet file", path);`
template <typename... Args>
tl::unexpected<Error> Fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return tl::make_unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...), {}});
}

inline tl::unexpected<Error> Fail(Error error) { return tl::make_unexpected(std::move(error)); }

}  // namespace sluice

#define SLUICE_CONCAT_INNER(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_INNER(a, b)

/// Returns the error of a Status/Result expression from the enclosing function, if there is one.
#define SLUICE_RETURN_IF_ERROR(expr)                                  \
  do {                                                                \
    auto&& sluice_status = (expr);                                    \
    if (!sluice_status) {                                             \
      return ::tl::make_unexpected(std::move(sluice_status).error()); \
    }                                                                 \
  } while (false)

#define SLUICE_ASSIGN_OR_RETURN_INNER(tmp, lhs, expr)             \
  auto tmp = (expr);                                              \
  if (!tmp) return ::tl::make_unexpected(std::move(tmp).error()); \
  lhs = std::move(*tmp)

/// `SLUICE_ASSIGN_OR_RETURN(auto snapshot, Load(...));` unwraps a Result or returns its error.
#define SLUICE_ASSIGN_OR_RETURN(lhs, expr) \
  SLUICE_ASSIGN_OR_RETURN_INNER(SLUICE_CONCAT(sluice_result_, __COUNTER__), lhs, expr)
