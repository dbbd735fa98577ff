#include "sluice/columnar/row_hash.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "sluice/columnar/arrow_io.h"

namespace sluice::columnar {
namespace {

using Hashes = std::vector<RowHash>;

/// 64 x 64 -> 128 bit product, folded: the mixing step of wyhash and of xxh3.
uint64_t Fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

constexpr uint64_t kSecretA = 0xa0761d6478bd642f, kSecretB = 0xe7037ed1a0b428db;
constexpr uint64_t kSecretC = 0x8ebc6af09c88c6e3, kSecretD = 0x589965cc75374cc3;
constexpr uint64_t kNull = 0x1d8e4e27c47d124f;
constexpr uint64_t kElementEnd = 0xeb44accab455d165;

/// Takes one more value, given as two words, into a row's hash. Not commutative: the order of columns
/// counts.
void Mix(RowHash& h, uint64_t high, uint64_t low) {
  h.high = Fold(h.high ^ high ^ kSecretA, low ^ kSecretB) + std::rotl(h.low, 29);
  h.low = Fold(h.low ^ low ^ kSecretC, high ^ kSecretD) ^ std::rotl(h.high, 17);
}

void MixWord(RowHash& h, uint64_t word) { Mix(h, word, Fold(word ^ kSecretD, kSecretA)); }

void MixBytes(RowHash& h, const void* data, size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  Mix(h, hash.high64 ^ size, hash.low64);
}

template <typename Float, typename Bits>
uint64_t FloatWord(Float value) {
  if (std::isnan(value)) value = std::numeric_limits<Float>::quiet_NaN();
  if (value == Float{0}) value = Float{0};  // -0.0 is 0.0
  return std::bit_cast<Bits>(value);
}

Status HashInto(const arrow::Array& array, std::span<RowHash> hashes);

template <typename ArrayType, typename ToWord>
void HashWords(const arrow::Array& array, std::span<RowHash> hashes, ToWord to_word) {
  const auto& typed = static_cast<const ArrayType&>(array);
  const bool has_nulls = typed.null_count() > 0;
  for (int64_t i = 0; i < typed.length(); ++i) {
    const bool is_null = has_nulls && typed.IsNull(i);
    MixWord(hashes[static_cast<size_t>(i)],
            is_null ? kNull : static_cast<uint64_t>(to_word(typed.Value(i))) ^ kSecretC);
  }
}

template <typename ArrayType>
void HashViews(const arrow::Array& array, std::span<RowHash> hashes) {
  const auto& typed = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < typed.length(); ++i) {
    auto& h = hashes[static_cast<size_t>(i)];
    if (typed.IsNull(i)) {
      MixWord(h, kNull);
      continue;
    }
    const std::string_view view = typed.GetView(i);
    MixBytes(h, view.data(), view.size());
  }
}

/// Decimals by unscaled value, sign-extended to 128 bits: the width in memory does not matter.
void HashDecimals(const arrow::Array& array, std::span<RowHash> hashes) {
  const auto& typed = static_cast<const arrow::FixedSizeBinaryArray&>(array);
  const auto width = static_cast<size_t>(typed.byte_width());
  for (int64_t i = 0; i < typed.length(); ++i) {
    auto& h = hashes[static_cast<size_t>(i)];
    if (typed.IsNull(i)) {
      MixWord(h, kNull);
      continue;
    }
    const uint8_t* bytes = typed.GetValue(i);
    const uint8_t fill = (bytes[width - 1] & 0x80) != 0 ? 0xff : 0;
    uint8_t wide[32];
    std::memset(wide, fill, sizeof wide);
    std::memcpy(wide, bytes, std::min(width, sizeof wide));
    MixBytes(h, wide, sizeof wide);
  }
}

int64_t ToMicros(int64_t value, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return static_cast<int64_t>(static_cast<uint64_t>(value) * 1'000'000);
    case arrow::TimeUnit::MILLI:
      return static_cast<int64_t>(static_cast<uint64_t>(value) * 1'000);
    case arrow::TimeUnit::MICRO:
      return value;
    case arrow::TimeUnit::NANO:
      return value / 1'000 - (value % 1'000 < 0 ? 1 : 0);
  }
  return value;
}

Status HashStruct(const arrow::Array& array, std::span<RowHash> hashes) {
  const auto& typed = static_cast<const arrow::StructArray&>(array);
  Hashes inner(static_cast<size_t>(typed.length()));
  for (int c = 0; c < typed.num_fields(); ++c) {
    SLUICE_RETURN_IF_ERROR(HashInto(*typed.field(c), inner));
  }
  for (int64_t i = 0; i < typed.length(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (typed.IsNull(i)) {
      MixWord(hashes[at], kNull);
    } else {
      Mix(hashes[at], inner[at].high, inner[at].low);
    }
  }
  return {};
}

Status HashList(const arrow::Array& array, std::span<RowHash> hashes) {
  const auto& typed = static_cast<const arrow::ListArray&>(array);
  if (typed.length() == 0) return {};  // its offsets may be absent
  const int64_t first = typed.value_offset(0);
  const int64_t count = typed.value_offset(typed.length()) - first;
  Hashes elements(static_cast<size_t>(count));
  SLUICE_RETURN_IF_ERROR(HashInto(*typed.values()->Slice(first, count), elements));
  for (int64_t i = 0; i < typed.length(); ++i) {
    auto& h = hashes[static_cast<size_t>(i)];
    if (typed.IsNull(i)) {
      MixWord(h, kNull);
      continue;
    }
    RowHash list;
    for (int64_t j = typed.value_offset(i); j < typed.value_offset(i + 1); ++j) {
      const auto& element = elements[static_cast<size_t>(j - first)];
      Mix(list, element.high, element.low);
    }
    MixWord(list, kElementEnd ^ static_cast<uint64_t>(typed.value_length(i)));
    Mix(h, list.high, list.low);
  }
  return {};
}

Status HashInto(const arrow::Array& array, std::span<RowHash> hashes) {
  const auto same = [](auto value) { return static_cast<int64_t>(value); };
  switch (array.type_id()) {
    case arrow::Type::NA:
      for (auto& h : hashes) MixWord(h, kNull);
      return {};
    case arrow::Type::BOOL:
      HashWords<arrow::BooleanArray>(array, hashes, [](bool v) { return v ? 1 : 0; });
      return {};
    case arrow::Type::INT8:
      HashWords<arrow::Int8Array>(array, hashes, same);
      return {};
    case arrow::Type::INT16:
      HashWords<arrow::Int16Array>(array, hashes, same);
      return {};
    case arrow::Type::INT32:
      HashWords<arrow::Int32Array>(array, hashes, same);
      return {};
    case arrow::Type::INT64:
      HashWords<arrow::Int64Array>(array, hashes, same);
      return {};
    case arrow::Type::FLOAT:
      HashWords<arrow::FloatArray>(array, hashes, FloatWord<float, uint32_t>);
      return {};
    case arrow::Type::DOUBLE:
      HashWords<arrow::DoubleArray>(array, hashes, FloatWord<double, uint64_t>);
      return {};
    case arrow::Type::DATE32:
      HashWords<arrow::Date32Array>(array, hashes, same);
      return {};
    case arrow::Type::TIMESTAMP: {
      const auto unit = static_cast<const arrow::TimestampType&>(*array.type()).unit();
      HashWords<arrow::TimestampArray>(array, hashes,
                                       [unit](int64_t v) { return ToMicros(v, unit); });
      return {};
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      HashViews<arrow::BinaryArray>(array, hashes);
      return {};
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      HashViews<arrow::LargeBinaryArray>(array, hashes);
      return {};
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      HashDecimals(array, hashes);
      return {};
    case arrow::Type::STRUCT:
      return HashStruct(array, hashes);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return HashList(array, hashes);
    default:
      return Fail(ErrorKind::kUnsupported, "rows with a column of type {} can't be hashed",
                  array.type()->ToString());
  }
}

/// One last stir, so that sums of related rows spread over all bits.
RowHash Finish(RowHash h) {
  h.high = Fold(h.high ^ kSecretB, h.low ^ kSecretC);
  h.low = Fold(h.low ^ kSecretA, h.high ^ kSecretD);
  return h;
}

constexpr std::string_view kSumName = "xxh3-128-sum:";

}  // namespace

Result<std::vector<RowHash>> HashRows(const arrow::RecordBatch& batch) {
  Hashes hashes(static_cast<size_t>(batch.num_rows()));
  for (int c = 0; c < batch.num_columns(); ++c) {
    SLUICE_RETURN_IF_ERROR(HashInto(*batch.column(c), hashes));
  }
  for (auto& h : hashes) h = Finish(h);
  return hashes;
}

Result<RowHashSum> SumRowHashes(const arrow::RecordBatch& batch) {
  SLUICE_ASSIGN_OR_RETURN(const auto hashes, HashRows(batch));
  RowHashSum sum;
  for (const auto& h : hashes) sum.Add(h.high, h.low);
  return sum;
}

std::string ToString(const RowHashSum& sum) {
  return fmt::format("{}{:016x}{:016x}", kSumName, sum.high, sum.low);
}

Result<RowHashSum> ParseRowHashSum(std::string_view text) {
  const auto wrong = [&] { return Fail(ErrorKind::kCorrupt, "'{}' is not a row hash", text); };
  if (!text.starts_with(kSumName) || text.size() != kSumName.size() + 32) return wrong();
  RowHashSum sum;
  int digits = 0;
  for (const char c : text.substr(kSumName.size())) {
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) return wrong();
    uint64_t& word = digits++ < 16 ? sum.high : sum.low;
    word = word << 4 | static_cast<uint64_t>(value);
  }
  return sum;
}

}  // namespace sluice::columnar
