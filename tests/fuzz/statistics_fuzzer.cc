#include "fuzz_input.h"
#include "sluice/delta/schema/statistics.h"

// The statistics of a file, for a column of each type.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::delta;
  static const auto kColumns = [] {
    std::vector<Field> columns;
    for (const char* type : {"string", "long", "integer", "float", "double", "boolean", "date",
                             "timestamp", "timestamp_ntz", "decimal(10,2)"}) {
      columns.push_back(
          {std::string(1, static_cast<char>('a' + columns.size())), ParsePrimitiveType(type)});
    }
    return columns;
  }();
  const FileStatistics found = ParseStatistics(sluice::fuzz::Text(data, size), kColumns);
  sluice::fuzz::Require(found.columns.size() == kColumns.size(), "each column has its statistics");
  return 0;
}
