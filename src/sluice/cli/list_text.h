#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/cli/output.h"
#include "sluice/exporter/inspect/listing.h"

/// What `ls` prints: the columns of `aws s3 ls`, in UTC, and behind the name what is not as it should be.
/// Pure: text from values.
namespace sluice::cli {

struct ListStyle {
  bool recursive = false, human_readable = false, summarize = false;
  bool one_table = false;  ///< shows folders one level deeper: the partitions of a table
};

std::string DescribeListing(const std::vector<exporter::ListedObject>& objects,
                            const ListStyle& style);

Json ToJson(const std::vector<exporter::ListedObject>& objects);

/// Faults in a listing as an error (kCorrupt) that counts them; nullopt if there are none.
std::optional<Error> FaultsOf(const std::vector<exporter::ListedObject>& objects);

}  // namespace sluice::cli
