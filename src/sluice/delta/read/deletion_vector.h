#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/store/object_store.h"

struct roaring_bitmap_s;

namespace sluice::delta {

/// The rows of one data file that are not in the table any more (PROTOCOL.md, "Deletion Vectors"), as
/// physical positions from 0. Immutable, safe to share between threads.
class DeletionVector {
 public:
  /// Reads what `descriptor` points to. `table_store` is rooted at the table's folder. kSourceGone where
  /// the file is not there any more; kCorrupt for a wrong checksum, size, count or format; kUnsupported
  /// for a file outside the table.
  static Result<DeletionVector> Load(const store::ObjectStore& table_store,
                                     const DeletionVectorDescriptor& descriptor);
  /// PROTOCOL.md, "Deletion Vector Format": magic number and 64-bit bitmap. kCorrupt otherwise.
  static Result<DeletionVector> Parse(std::span<const uint8_t> bytes);

  /// The rows that `from` masks and `without` does not.
  static DeletionVector Difference(const DeletionVector& from, const DeletionVector& without);

  int64_t cardinality() const { return cardinality_; }
  /// One past the last masked row; 0 when none is.
  int64_t end() const;
  /// How many rows of [begin, end) are masked.
  int64_t CountIn(int64_t begin, int64_t end) const;
  /// Calls `visit` for every masked row of [begin, end), ascending.
  void VisitIn(int64_t begin, int64_t end, const std::function<void(int64_t)>& visit) const;

 private:
  struct FreeBitmap {
    void operator()(roaring_bitmap_s* bitmap) const;
  };
  struct Bucket {
    int64_t high = 0;  ///< the upper 32 bits of every value, in place
    std::unique_ptr<roaring_bitmap_s, FreeBitmap> bitmap;
  };

  std::vector<Bucket> buckets_;  ///< ascending
  int64_t cardinality_ = 0;
};

/// The key of a vector of storage type 'u': "ab/deletion_vector_<uuid>.bin". kCorrupt if
/// `path_or_inline_dv` is not such a name.
Result<store::Key> DeletionVectorKey(std::string_view path_or_inline_dv);

}  // namespace sluice::delta
