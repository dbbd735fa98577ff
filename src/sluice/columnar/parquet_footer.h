#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/columnar/file_schema.h"

namespace sluice::columnar {

/// A Parquet footer, taken apart so that nothing in it that a reader does not need can stop a read.
struct ParquetFooter {
  SchemaNode root;
  std::map<std::string, std::string> key_values;
  /// The same footer with plain columns and groups only: no annotations, no key-value metadata. Arrow
  /// reads it as it lies in the file, whatever the writer's notes ask for; their meaning is
  /// given to the values by ColumnPlan.
  std::string plain;
};

/// `bytes`: the footer's Thrift (compact protocol) without length and magic. kCorrupt where it is
/// damaged; nothing in it makes the call crash.
Result<ParquetFooter> ParseParquetFooter(std::string_view bytes);

}  // namespace sluice::columnar
