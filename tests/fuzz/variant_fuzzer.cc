#include <algorithm>
#include <string>

#include "fuzz_input.h"
#include "sluice/columnar/variant_writer.h"

namespace {

using namespace sluice;

struct Variant {
  std::string value, metadata;
  bool operator==(const Variant&) const = default;
};

// The variant as we write it; false where it is refused.
bool Copy(std::string_view value, std::string_view metadata, Variant& copy) {
  columnar::VariantWriter writer;
  writer.Clear(size_t{1} << 20);
  const auto names = columnar::VariantDictionary::Parse(metadata);
  if (!names || !writer.AddValue(value, *names)) return false;
  writer.Finish(copy.value, copy.metadata);
  return true;
}

}  // namespace

// A binary variant: the first byte says how many of the others are its metadata.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::Text(data + 1, size - 1);
  const size_t split = std::min<size_t>(data[0], bytes.size());
  Variant copy, sorted, again;
  if (!Copy(bytes.substr(split), bytes.substr(0, split), copy)) return 0;
  // The fields that came unsorted are sorted now, and numbered in that order when they are copied once more.
  fuzz::Require(Copy(copy.value, copy.metadata, sorted), "what is written can be read");
  fuzz::Require(Copy(sorted.value, sorted.metadata, again), "what is written can be read");
  fuzz::Require(sorted == again, "a copy of sorted fields is the same");
  return 0;
}
