#include "fuzz_input.h"
#include "sluice/columnar/parquet_footer.h"

// A footer without its length and magic word: whatever it says, what is left of it is a footer again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sluice::columnar::ParseParquetFooter;
  const auto footer = ParseParquetFooter(sluice::fuzz::Text(data, size));
  if (!footer) return 0;
  const auto plain = ParseParquetFooter(footer->plain);
  sluice::fuzz::Require(plain.has_value(), "the plain footer is one");
  sluice::fuzz::Require(plain->plain == footer->plain, "nothing is left to take away");
  sluice::fuzz::Require(plain->root.leaves == footer->root.leaves, "no column is lost");
  return 0;
}
