#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <type_traits>

#include "sluice/base/result.h"

namespace sluice {

/// How gtest shows a Result in a failure: the error in full, and a value where it can be printed.
template <typename T>
void PrintTo(const Result<T>& result, std::ostream* out) {
  if (!result) {
    *out << ErrorKindName(result.error().kind) << ": " << result.error().message;
    if (!result.error().remedy.empty()) *out << " (remedy: " << result.error().remedy << ")";
    return;
  }
  *out << "ok";
  if constexpr (!std::is_void_v<T>) {
    if constexpr (std::is_copy_constructible_v<T>)
      *out << ", " << ::testing::PrintToString(*result);
  }
}

}  // namespace sluice

/// Matchers for Result<T> and Status. A failing one shows the error that came instead.
namespace sluice::testing {

MATCHER(IsOk, negation ? "is an error" : "is not an error") {
  (void)result_listener;
  return arg.has_value();
}

MATCHER_P(IsError, kind,
          (negation ? "is not an error of the kind " : "is an error of the kind ") +
              std::string(ErrorKindName(kind))) {
  (void)result_listener;
  return !arg.has_value() && arg.error().kind == kind;
}

/// An error whose message holds `part`.
MATCHER_P(HasMessage, part,
          (negation ? "has no error message with \"" : "has an error message with \"") +
              std::string(part) + "\"") {
  (void)result_listener;
  return !arg.has_value() && arg.error().message.find(part) != std::string::npos;
}

/// An error whose remedy holds `part`.
MATCHER_P(HasRemedy, part,
          (negation ? "has no remedy with \"" : "has a remedy with \"") + std::string(part) +
              "\"") {
  (void)result_listener;
  return !arg.has_value() && arg.error().remedy.find(part) != std::string::npos;
}

/// A Result that holds a value which `inner` (a value or matcher) matches.
MATCHER_P(IsOkAnd, inner, negation ? "holds no such value" : "holds a value that matches") {
  return arg.has_value() && ::testing::ExplainMatchResult(inner, *arg, result_listener);
}

}  // namespace sluice::testing
