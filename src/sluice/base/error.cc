#include "sluice/base/error.h"

#include <utility>

namespace sluice {

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kConfig:
      return "config";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kAlreadyExists:
      return "already_exists";
    case ErrorKind::kPermission:
      return "permission";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kSourceGone:
      return "source_gone";
    case ErrorKind::kStorage:
      return "storage";
    case ErrorKind::kTransient:
      return "transient";
    case ErrorKind::kCancelled:
      return "stopped";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

bool IsRetryable(ErrorKind kind) { return kind == ErrorKind::kTransient; }

Error Error::Within(std::string_view context) && {
  message = std::string(context) + ": " + message;
  return std::move(*this);
}

Error Error::WithRemedy(std::string_view text) && {
  remedy = std::string(text);
  return std::move(*this);
}

}  // namespace sluice
