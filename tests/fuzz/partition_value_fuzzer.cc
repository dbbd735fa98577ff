#include <arrow/scalar.h>

#include "fuzz_input.h"
#include "sluice/delta/schema/partition_value.h"

// The text of a partition value, as every type that a partition column may have.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::delta;
  const std::string text(sluice::fuzz::Text(data, size));
  static const auto kZone = sluice::TimeZone::Find("America/New_York");
  for (const char* type :
       {"string", "long", "integer", "short", "byte", "float", "double", "boolean", "binary",
        "date", "timestamp", "timestamp_ntz", "decimal(10,2)", "decimal(38,38)", "decimal(38,0)"}) {
    for (const auto& zone : {sluice::TimeZone::Utc(), *kZone}) {
      const auto value = ParsePartitionValue(text, ParsePrimitiveType(type), zone);
      if (value) sluice::fuzz::Require((*value)->Validate().ok(), "a value is one of its type");
    }
  }
  return 0;
}
