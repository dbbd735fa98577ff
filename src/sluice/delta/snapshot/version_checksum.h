#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/snapshot.h"

namespace sluice::delta {

/// Whether `<version>.crc` is there.
Result<bool> HasChecksum(const Log& log, Version version);

/// Where `<version>.crc` (PROTOCOL.md, "Version Checksum File") says something else than `snapshot`, which must
/// have its files: "numFiles is 3, the log has 4". Empty where both agree, or where no such file exists; one that is
/// torn or too large says nothing. Errors only where the store cannot be read.
Result<std::vector<std::string>> DifferencesToChecksum(const Log& log, const Snapshot& snapshot);

}  // namespace sluice::delta
