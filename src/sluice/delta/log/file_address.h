#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/delta/log/actions.h"

/// Which file an action's path means. Writers spell one file in several ways: percent-encoded or not, with
/// hex digits of either case, relative or absolute, with or without `./`, `//` and `x/../`. Pure.
namespace sluice::delta {

struct FileAddress {
  bool relative = true;    ///< below the table's folder
  std::string key_or_uri;  ///< decoded: a key of the table's store, or an address elsewhere
  bool operator==(const FileAddress&) const = default;
};

/// `root` is the table's folder as messages call it, "/lake/t/" or "s3://bucket/t/". A percent sign that no two
/// hex digits follow stands for itself.
FileAddress AddressOf(std::string_view path, std::string_view root);

/// The primary key of a logical file (PROTOCOL.md, "Add File and Remove File"): its address and its vector, the
/// same for every spelling.
std::string LogicalFileKey(std::string_view path,
                           const std::optional<DeletionVectorDescriptor>& vector,
                           std::string_view root);

/// The key of a file without regard to vectors.
std::string PhysicalFileKey(std::string_view path, std::string_view root);

}  // namespace sluice::delta
