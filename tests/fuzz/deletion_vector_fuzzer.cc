#include <arrow/util/crc32.h>

#include "fuzz_input.h"
#include "sluice/delta/read/deletion_vector.h"

namespace {

void Append(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

}  // namespace

// The bytes of a vector, as they stand in a file of vectors and inline in an action.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::delta;
  const std::string_view bytes = sluice::fuzz::Text(data, size);
  DeletionVectorDescriptor inline_vector{
      'i', std::string(bytes), {}, static_cast<int32_t>(size), 1};
  (void)DeletionVector::Load(*sluice::testing::MakeMemoryStore(), inline_vector);
  const auto vector = DeletionVector::Parse({data, size});
  if (!vector) return 0;
  constexpr int64_t kWindow = int64_t{1} << 17;
  int64_t visited = 0;
  vector->VisitIn(0, kWindow, [&](int64_t) { ++visited; });
  sluice::fuzz::Require(visited == vector->CountIn(0, kWindow), "rows are counted as visited");
  sluice::fuzz::Require(vector->CountIn(0, vector->end()) == vector->cardinality(),
                        "a vector's end lies behind all of its rows");
  sluice::fuzz::Require(DeletionVector::Difference(*vector, *vector).cardinality() == 0,
                        "nothing differs from itself");

  std::string file(1, 1);
  Append(file, static_cast<uint32_t>(size));
  file.append(bytes);
  Append(file, arrow::internal::crc32(0, data, size));
  const auto store = sluice::fuzz::StoreWith("deletion_vector.bin", file);
  const auto loaded =
      DeletionVector::Load(*store, {'p', store->DisplayName("deletion_vector.bin"), 1,
                                    static_cast<int32_t>(size), vector->cardinality()});
  sluice::fuzz::Require(loaded.has_value(), "a file holds what was put into it");
  return 0;
}
