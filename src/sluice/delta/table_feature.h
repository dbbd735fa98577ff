#pragma once

#include <string>
#include <vector>

#include "sluice/delta/actions.h"

namespace sluice::delta {

/// Every reader feature that `protocol` and `metadata` demand and this program lacks (PROTOCOL.md,
/// "Table Features", "Reader Version Requirements"), in the order in which the table lists them, e.g.
/// {"columnMapping (mode name)", "variantType"}. Empty: the table can be read.
std::vector<std::string> UnsupportedReaderFeatures(const Protocol& protocol,
                                                   const Metadata& metadata);

}  // namespace sluice::delta
