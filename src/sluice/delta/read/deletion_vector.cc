#include "sluice/delta/read/deletion_vector.h"

#include <arrow/util/crc32.h>
#include <fmt/format.h>
#include <roaring/roaring.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sluice/delta/read/data_path.h"
#include "sluice/delta/read/roaring_format.h"
#include "sluice/delta/read/z85.h"

namespace sluice::delta {
namespace {

constexpr uint32_t kMagic = 1681511377;
constexpr uint8_t kFileVersion = 1;
constexpr size_t kUuidCharacters = 20;  // 16 bytes in Z85
constexpr int64_t kBucketSpan = int64_t{1} << 32;
// Of one vector; a file of two thousand million rows needs half of it at most.
constexpr int64_t kMostBytes = int64_t{512} << 20;
// Each for as many rows as a bucket spans.
constexpr uint64_t kMostBuckets = 1024;

uint32_t LittleEndian32(std::span<const uint8_t> b) {
  return b[0] | uint32_t{b[1]} << 8 | uint32_t{b[2]} << 16 | uint32_t{b[3]} << 24;
}

uint32_t BigEndian32(std::span<const uint8_t> b) {
  return b[3] | uint32_t{b[2]} << 8 | uint32_t{b[1]} << 16 | uint32_t{b[0]} << 24;
}

tl::unexpected<Error> Ends(size_t size) {
  return Fail(ErrorKind::kCorrupt, "it ends after {} bytes", size);
}

// The bytes of one vector in a file of several, checked against their checksum.
Result<std::vector<uint8_t>> ReadFromFile(Result<std::unique_ptr<store::ObjectReader>> opened,
                                          const DeletionVectorDescriptor& descriptor) {
  if (!opened) {
    Error error = std::move(opened).error();
    if (error.kind == ErrorKind::kNotFound) {
      error.kind = ErrorKind::kSourceGone;
      error.remedy = "the table was vacuumed: export a version that still has its files";
    }
    return Fail(std::move(error));
  }
  const store::ObjectReader& reader = **opened;
  const int64_t offset = descriptor.offset.value_or(0);
  const int64_t size = descriptor.size_in_bytes;
  if (offset < 0 || size < 0 || offset + size + 8 > reader.size()) {
    return Fail(ErrorKind::kCorrupt, "bytes {} to {} do not lie in a file of {} bytes", offset,
                offset + size + 8, reader.size());
  }
  if (size > kMostBytes) {
    return Fail(ErrorKind::kCorrupt, "it has {} bytes; sluice reads up to {}", size, kMostBytes);
  }
  uint8_t version = 0;
  SLUICE_RETURN_IF_ERROR(reader.ReadAt(0, std::span(&version, 1)));
  if (version != kFileVersion) {
    return Fail(ErrorKind::kUnsupported, "format version {} of a deletion vector file", version);
  }
  std::vector<uint8_t> block(static_cast<size_t>(size) + 8);
  SLUICE_RETURN_IF_ERROR(reader.ReadAt(offset, block));
  const std::span<const uint8_t> whole(block);
  if (BigEndian32(whole.first(4)) != static_cast<uint32_t>(size)) {
    return Fail(ErrorKind::kCorrupt, "its size is {} in the file and {} in the log",
                BigEndian32(whole.first(4)), size);
  }
  const auto data = whole.subspan(4, static_cast<size_t>(size));
  if (BigEndian32(whole.last(4)) != arrow::internal::crc32(0, data.data(), data.size())) {
    return Fail(ErrorKind::kCorrupt, "checksum mismatch");
  }
  return std::vector<uint8_t>(data.begin(), data.end());
}

Result<std::vector<uint8_t>> ReadBytes(const store::ObjectStore& table_store,
                                       const DeletionVectorDescriptor& descriptor) {
  switch (descriptor.storage_type) {
    case 'i': {
      SLUICE_ASSIGN_OR_RETURN(auto bytes, DecodeZ85(descriptor.path_or_inline_dv));
      const auto size = static_cast<size_t>(std::max(descriptor.size_in_bytes, 0));
      if (bytes.size() < size) return Ends(bytes.size());
      bytes.resize(size);
      return bytes;
    }
    case 'u': {
      SLUICE_ASSIGN_OR_RETURN(const auto key, DeletionVectorKey(descriptor.path_or_inline_dv));
      return ReadFromFile(table_store.Open(key), descriptor);
    }
    case 'p': {
      SLUICE_ASSIGN_OR_RETURN(const auto address,
                              ResolvePath(descriptor.path_or_inline_dv, table_store));
      return ReadFromFile(address.relative ? table_store.Open(address.key_or_uri)
                                           : table_store.OpenElsewhere(address.key_or_uri),
                          descriptor);
    }
    default:
      return Fail(ErrorKind::kCorrupt, "unknown storage type '{}'", descriptor.storage_type);
  }
}

}  // namespace

void DeletionVector::FreeBitmap::operator()(roaring_bitmap_s* bitmap) const {
  roaring_bitmap_free(bitmap);
}

Result<store::Key> DeletionVectorKey(std::string_view path_or_inline_dv) {
  if (path_or_inline_dv.size() < kUuidCharacters) {
    return Fail(ErrorKind::kCorrupt, "'{}' names no deletion vector", path_or_inline_dv);
  }
  const size_t prefix_size = path_or_inline_dv.size() - kUuidCharacters;
  const std::string_view prefix = path_or_inline_dv.substr(0, prefix_size);
  SLUICE_ASSIGN_OR_RETURN(const auto uuid, DecodeZ85(path_or_inline_dv.substr(prefix_size)));
  std::string text;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", uuid[i]);
  }
  store::Key key = prefix.empty() ? fmt::format("deletion_vector_{}.bin", text)
                                  : fmt::format("{}/deletion_vector_{}.bin", prefix, text);
  if (!store::ValidateKey(key)) {
    return Fail(ErrorKind::kCorrupt, "'{}' names no deletion vector", path_or_inline_dv);
  }
  return key;
}

Result<DeletionVector> DeletionVector::Parse(std::span<const uint8_t> bytes) {
  constexpr size_t kHeader = 12;  // magic number and count
  if (bytes.size() < kHeader) return Ends(bytes.size());
  if (const uint32_t magic = LittleEndian32(bytes); magic != kMagic) {
    return Fail(ErrorKind::kCorrupt, "magic number {} where {} is due", magic, kMagic);
  }
  const uint64_t count =
      LittleEndian32(bytes.subspan(4)) | uint64_t{LittleEndian32(bytes.subspan(8))} << 32;
  if (count > kMostBuckets) {
    return Fail(ErrorKind::kCorrupt, "{} bitmaps; sluice reads up to {}", count, kMostBuckets);
  }
  DeletionVector vector;
  std::span<const uint8_t> rest = bytes.subspan(kHeader);
  for (uint64_t i = 0; i < count; ++i) {
    if (rest.size() < 4) return Ends(bytes.size());
    const uint32_t key = LittleEndian32(rest);
    const int64_t high = int64_t{key} << 32;
    if (key >= INT32_MAX || (!vector.buckets_.empty() && high <= vector.buckets_.back().high)) {
      return Fail(ErrorKind::kCorrupt, "bitmaps out of order");
    }
    rest = rest.subspan(4);
    SLUICE_ASSIGN_OR_RETURN(const RoaringExtent extent, CheckRoaring(rest));
    Bucket bucket;
    bucket.high = high;
    bucket.bitmap.reset(roaring_bitmap_portable_deserialize_safe(
        reinterpret_cast<const char*>(rest.data()), extent.bytes));
    if (bucket.bitmap == nullptr) return Fail(ErrorKind::kCorrupt, "a broken bitmap");
    vector.cardinality_ += extent.cardinality;
    vector.buckets_.push_back(std::move(bucket));
    rest = rest.subspan(extent.bytes);
  }
  if (!rest.empty()) return Fail(ErrorKind::kCorrupt, "{} bytes too many", rest.size());
  return vector;
}

Result<DeletionVector> DeletionVector::Load(const store::ObjectStore& table_store,
                                            const DeletionVectorDescriptor& descriptor) {
  const std::string context =
      fmt::format("deletion vector {}",
                  descriptor.storage_type == 'i' ? "inline in the log" : descriptor.UniqueId());
  auto bytes = ReadBytes(table_store, descriptor);
  if (!bytes) return Fail(std::move(bytes).error().Within(context));
  auto vector = Parse(*bytes);
  if (!vector) return Fail(std::move(vector).error().Within(context));
  if (vector->cardinality() != descriptor.cardinality) {
    return Fail(ErrorKind::kCorrupt, "{}: it masks {} rows where the log says {}", context,
                vector->cardinality(), descriptor.cardinality);
  }
  return vector;
}

DeletionVector DeletionVector::Difference(const DeletionVector& from,
                                          const DeletionVector& without) {
  DeletionVector difference;
  for (const Bucket& bucket : from.buckets_) {
    const auto other =
        std::lower_bound(without.buckets_.begin(), without.buckets_.end(), bucket.high,
                         [](const Bucket& b, int64_t high) { return b.high < high; });
    const bool meets = other != without.buckets_.end() && other->high == bucket.high;
    Bucket rest;
    rest.high = bucket.high;
    rest.bitmap.reset(meets ? roaring_bitmap_andnot(bucket.bitmap.get(), other->bitmap.get())
                            : roaring_bitmap_copy(bucket.bitmap.get()));
    difference.cardinality_ +=
        static_cast<int64_t>(roaring_bitmap_get_cardinality(rest.bitmap.get()));
    difference.buckets_.push_back(std::move(rest));
  }
  return difference;
}

int64_t DeletionVector::end() const {
  for (auto bucket = buckets_.rbegin(); bucket != buckets_.rend(); ++bucket) {
    if (!roaring_bitmap_is_empty(bucket->bitmap.get())) {
      return bucket->high + roaring_bitmap_maximum(bucket->bitmap.get()) + 1;
    }
  }
  return 0;
}

int64_t DeletionVector::CountIn(int64_t begin, int64_t end) const {
  int64_t count = 0;
  for (const Bucket& bucket : buckets_) {
    const int64_t from = std::max(begin - bucket.high, int64_t{0});
    const int64_t to = std::min(end - bucket.high, kBucketSpan);
    if (from >= to) continue;
    // A few bytes may mask any number of rows: they are not visited.
    count += static_cast<int64_t>(roaring_bitmap_range_cardinality(
        bucket.bitmap.get(), static_cast<uint64_t>(from), static_cast<uint64_t>(to)));
  }
  return count;
}

void DeletionVector::VisitIn(int64_t begin, int64_t end,
                             const std::function<void(int64_t)>& visit) const {
  for (const Bucket& bucket : buckets_) {
    if (bucket.high >= end || bucket.high + kBucketSpan <= begin) continue;
    roaring_uint32_iterator_t it;
    roaring_init_iterator(bucket.bitmap.get(), &it);
    if (begin > bucket.high) {
      roaring_move_uint32_iterator_equalorlarger(&it, static_cast<uint32_t>(begin - bucket.high));
    }
    for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
      const int64_t row = bucket.high + it.current_value;
      if (row >= end) return;
      visit(row);
    }
  }
}

}  // namespace sluice::delta
