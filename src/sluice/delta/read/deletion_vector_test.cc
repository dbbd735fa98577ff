#include "sluice/delta/read/deletion_vector.h"

#include <arrow/util/crc32.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <roaring/roaring.h>

#include <algorithm>
#include <map>
#include <set>

#include "sluice/delta/read/roaring_format.h"
#include "sluice/delta/read/z85.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

std::vector<int64_t> Rows(const DeletionVector& vector, int64_t begin = 0,
                          int64_t end = INT64_MAX) {
  std::vector<int64_t> rows;
  vector.VisitIn(begin, end, [&](int64_t row) { rows.push_back(row); });
  return rows;
}

// The 64-bit format with one 32-bit bitmap a key.
std::vector<uint8_t> Serialize(const std::vector<std::pair<uint32_t, roaring_bitmap_t*>>& buckets) {
  std::vector<uint8_t> out = {0xd1, 0xd3, 0x39, 0x64};
  out.push_back(static_cast<uint8_t>(buckets.size()));
  out.resize(12);
  for (const auto& [key, bitmap] : buckets) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<uint8_t>(key >> shift));
    const size_t size = roaring_bitmap_portable_size_in_bytes(bitmap);
    out.resize(out.size() + size);
    roaring_bitmap_portable_serialize(bitmap,
                                      reinterpret_cast<char*>(out.data() + out.size() - size));
    roaring_bitmap_free(bitmap);
  }
  return out;
}

roaring_bitmap_t* Range(uint64_t begin, uint64_t end, uint32_t step = 1) {
  roaring_bitmap_t* bitmap = roaring_bitmap_from_range(begin, end, step);
  roaring_bitmap_run_optimize(bitmap);
  return bitmap;
}

// The rows of PROTOCOL.md, "JSON Example 3 - Inline", which itself has the magic number and the byte
// order of a format that is not the one that the appendix describes.
const DeletionVectorDescriptor kInline = {
    'i', "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", std::nullopt, 44, 6};

TEST(DeletionVector, InlineExampleOfTheProtocolMasksItsRows) {
  const auto store = testing::MakeMemoryStore();
  const auto vector = DeletionVector::Load(*store, kInline);
  ASSERT_THAT(vector, IsOk());
  EXPECT_THAT(Rows(*vector), ElementsAre(3, 4, 7, 11, 18, 29));
  EXPECT_THAT(Rows(*vector, 4, 18), ElementsAre(4, 7, 11));
  EXPECT_EQ(vector->CountIn(0, 30), 6);
  EXPECT_EQ(vector->end(), 30);
}

TEST(DeletionVector, KeyOfAFileIsThatOfTheProtocol) {
  EXPECT_EQ(DeletionVectorKey("ab^-aqEH.-t@S}K{vb[*k^").value(),
            "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
  EXPECT_EQ(DeletionVectorKey("^-aqEH.-t@S}K{vb[*k^").value(),
            "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
  EXPECT_THAT(DeletionVectorKey("short"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(DeletionVectorKey("../x^-aqEH.-t@S}K{vb[*k^"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(DeletionVectorKey("ab~-aqEH.-t@S}K{vb[*k^"), IsError(ErrorKind::kCorrupt));
}

TEST(DeletionVector, EveryKindOfContainerIsRead) {
  const auto bytes = Serialize({{0, Range(0, 200'000)},
                                {1, Range(5, 6)},
                                {2, Range(0, 150'000, 3)},
                                {7, Range(4294967290, 4294967296)}});
  const auto vector = DeletionVector::Parse(bytes);
  ASSERT_THAT(vector, IsOk());
  EXPECT_EQ(vector->cardinality(), 200'000 + 1 + 50'000 + 6);
  EXPECT_EQ(vector->CountIn(100'000, 300'000), 100'000);
  const int64_t second = int64_t{1} << 32;
  EXPECT_THAT(Rows(*vector, second, 2 * second), ElementsAre(second + 5));
  EXPECT_THAT(Rows(*vector, 2 * second + 4, 2 * second + 10),
              ElementsAre(2 * second + 6, 2 * second + 9));
  EXPECT_EQ(vector->end(), 8 * second);
}

// Rows around the borders of containers and of 32-bit bitmaps.
std::set<int64_t> SomeRows() {
  const auto base = rc::gen::element<int64_t>(0, 65'530, (int64_t{1} << 32) - 5, int64_t{3} << 32);
  const auto row = rc::gen::apply([](int64_t b, int64_t i) { return b + i; }, base,
                                  rc::gen::inRange<int64_t>(0, 10));
  return *rc::gen::container<std::set<int64_t>>(row);
}

DeletionVector VectorOf(const std::set<int64_t>& rows) {
  std::map<uint32_t, roaring_bitmap_t*> bitmaps;
  for (const int64_t row : rows) {
    roaring_bitmap_t*& bitmap = bitmaps[static_cast<uint32_t>(row >> 32)];
    if (bitmap == nullptr) bitmap = roaring_bitmap_create();
    roaring_bitmap_add(bitmap, static_cast<uint32_t>(row));
  }
  return DeletionVector::Parse(Serialize({bitmaps.begin(), bitmaps.end()})).value();
}

RC_GTEST_PROP(DeletionVector, ADifferenceMasksWhatOnlyTheFirstMasks, ()) {
  const auto from = SomeRows(), without = SomeRows();
  std::vector<int64_t> expected;
  std::set_difference(from.begin(), from.end(), without.begin(), without.end(),
                      std::back_inserter(expected));
  const auto difference = DeletionVector::Difference(VectorOf(from), VectorOf(without));
  RC_ASSERT(Rows(difference) == expected);
  RC_ASSERT(difference.cardinality() == static_cast<int64_t>(expected.size()));
  RC_ASSERT(difference.end() == (expected.empty() ? 0 : expected.back() + 1));
}

TEST(DeletionVector, EmptyOneMasksNothing) {
  const auto vector = DeletionVector::Parse(Serialize({{0, roaring_bitmap_create()}}));
  ASSERT_THAT(vector, IsOk());
  EXPECT_EQ(vector->cardinality(), 0);
  EXPECT_EQ(vector->end(), 0);
  EXPECT_THAT(Rows(*vector), ElementsAre());
}

TEST(DeletionVector, AnyCutIsCorrupt) {
  const auto bytes = Serialize({{0, Range(0, 10'000, 3)}, {1, Range(0, 70'000)}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(DeletionVector::Parse(std::span(bytes).first(size)), IsError(ErrorKind::kCorrupt));
  }
}

TEST(DeletionVector, BucketsOutOfOrderAreCorrupt) {
  EXPECT_THAT(DeletionVector::Parse(Serialize({{1, Range(0, 1)}, {0, Range(0, 1)}})),
              IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(DeletionVector::Parse(Serialize({{0x80000000u, Range(0, 1)}})),
              IsError(ErrorKind::kCorrupt));
}

TEST(DeletionVector, RowBeyondAllNumbersIsCorrupt) {
  EXPECT_THAT(DeletionVector::Parse(Serialize({{INT32_MAX, Range(0xFFFFFFFF, 0x100000000)}})),
              IsError(ErrorKind::kCorrupt));
  const auto last =
      DeletionVector::Parse(Serialize({{INT32_MAX - 1, Range(0xFFFFFFFF, 0x100000000)}}));
  ASSERT_THAT(last, IsOk());
  EXPECT_EQ(last->CountIn(0, INT64_MAX), 1);
  EXPECT_EQ(last->CountIn(0, last->end() - 1), 0);
}

TEST(DeletionVector, RowsOfAFewBytesAreCountedAtOnce) {
  std::vector<std::pair<uint32_t, roaring_bitmap_t*>> buckets;
  for (uint32_t key = 0; key < 5; ++key) buckets.emplace_back(key, Range(0, 0x100000000));
  const auto vector = DeletionVector::Parse(Serialize(buckets));
  ASSERT_THAT(vector, IsOk());
  EXPECT_EQ(vector->CountIn(5, INT64_MAX), (int64_t{5} << 32) - 5);
}

TEST(DeletionVector, MoreBucketsThanAnyFileNeedsAreRefused) {
  std::vector<uint8_t> bytes = Serialize({});
  bytes[5] = 0x08;  // 2048 bitmaps
  EXPECT_THAT(DeletionVector::Parse(bytes), HasMessage("2048 bitmaps; sluice reads up to 1024"));
}

class DeletionVectorFileTest : public ::testing::Test {
 protected:
  static std::string BigEndian(uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
    return out;
  }
  void SetUp() override {
    const auto bytes = Serialize({{0, Range(10, 20)}});
    const std::string data(bytes.begin(), bytes.end());
    descriptor_ = {'u', "ab^-aqEH.-t@S}K{vb[*k^", 1, static_cast<int32_t>(data.size()), 10};
    file_ = "\x01" + BigEndian(static_cast<uint32_t>(data.size())) + data +
            BigEndian(arrow::internal::crc32(0, data.data(), data.size()));
  }
  Result<DeletionVector> Load(const std::string& file) {
    EXPECT_THAT(store_->Put("ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin", file),
                IsOk());
    return DeletionVector::Load(*store_, descriptor_);
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
  DeletionVectorDescriptor descriptor_;
  std::string file_;
};

TEST_F(DeletionVectorFileTest, WholeFileIsRead) {
  const auto vector = Load(file_);
  ASSERT_THAT(vector, IsOk());
  EXPECT_EQ(vector->CountIn(0, 100), 10);
}

TEST_F(DeletionVectorFileTest, MissingFileIsGone) {
  EXPECT_THAT(DeletionVector::Load(*store_, descriptor_), IsError(ErrorKind::kSourceGone));
}

TEST_F(DeletionVectorFileTest, EveryFlippedByteIsFound) {
  for (size_t i = 0; i < file_.size(); ++i) {
    std::string damaged = file_;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(Load(damaged)) << i;
  }
}

TEST_F(DeletionVectorFileTest, EveryCutIsFound) {
  for (size_t size = 0; size < file_.size(); ++size) EXPECT_FALSE(Load(file_.substr(0, size)));
}

TEST_F(DeletionVectorFileTest, DescriptorThatDisagreesIsCorrupt) {
  descriptor_.cardinality = 11;
  EXPECT_THAT(Load(file_), HasMessage("masks 10 rows where the log says 11"));
  descriptor_.cardinality = 10;
  descriptor_.offset = -1;
  EXPECT_THAT(Load(file_), IsError(ErrorKind::kCorrupt));
  descriptor_.offset = 1;
  descriptor_.size_in_bytes = INT32_MAX;
  EXPECT_THAT(Load(file_), IsError(ErrorKind::kCorrupt));
  descriptor_.storage_type = 'x';
  EXPECT_THAT(Load(file_), IsError(ErrorKind::kCorrupt));
}

TEST(CheckRoaring, WhatTheLibraryTakesOnTrustIsChecked) {
  const auto check = [](std::vector<uint8_t> bytes) { return CheckRoaring(bytes); };
  // A run container without runs, and one whose run leaves the container.
  EXPECT_THAT(check({0x3b, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0}), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(check({0x3b, 0x30, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0xff, 0xff, 1, 0}),
              IsError(ErrorKind::kCorrupt));
  // An array out of order.
  EXPECT_THAT(check({0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 5, 0, 5, 0}),
              IsError(ErrorKind::kCorrupt));
  // A bitset that is all zero although it announces 4097 values.
  std::vector<uint8_t> bitset = {0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 16, 0, 0, 0};
  bitset.resize(bitset.size() + 8192);
  EXPECT_THAT(check(bitset), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(check({1, 2, 3, 4}), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(check({0x3a, 0x30, 0, 0, 0xff, 0xff, 0xff, 0xff}), IsError(ErrorKind::kCorrupt));
}

TEST(DecodeZ85, ExampleOfTheSpecificationAndBadText) {
  EXPECT_THAT(DecodeZ85("HelloWorld").value(),
              ElementsAre(0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B));
  EXPECT_THAT(DecodeZ85(""), IsOk());
  EXPECT_THAT(DecodeZ85("Hell"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(DecodeZ85("He~lo"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(DecodeZ85("#####"), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::delta
