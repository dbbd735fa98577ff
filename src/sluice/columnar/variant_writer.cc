#include "sluice/columnar/variant_writer.h"

#include <arrow/util/decimal.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace sluice::columnar {
namespace {

constexpr unsigned kBasicBits = 2;
constexpr size_t kMostShortString = 63;
constexpr size_t kLengthWidth = 4;
constexpr size_t kMostSmallSize = 255;  // of an object or array whose size is one byte
constexpr int kDecimal4Digits = 9, kDecimal8Digits = 18;
// Java's only NaN, which Spark writes for any.
constexpr uint32_t kFloatNan = 0x7FC00000;
constexpr uint64_t kDoubleNan = 0x7FF8000000000000;

size_t WidthOf(size_t number) {
  size_t width = 1;
  while (width < 4 && number >> (8 * width) != 0) ++width;
  return width;
}

void AppendLittle(std::string& out, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

char FirstByte(VariantBasic basic, size_t header) {
  return static_cast<char>((header << kBasicBits) | static_cast<size_t>(basic));
}

template <typename Narrow>
bool Fits(int64_t value) {
  return value >= std::numeric_limits<Narrow>::min() && value <= std::numeric_limits<Narrow>::max();
}

}  // namespace

void VariantWriter::Clear(size_t most_bytes) {
  most_bytes_ = most_bytes;
  size_ = 0;
  scalars_.clear();
  headers_.clear();
  inserts_.clear();
  open_.clear();
  parts_.clear();
  names_.clear();
  ids_.clear();
}

void VariantWriter::Header(VariantPrimitive type) {
  scalars_.push_back(FirstByte(VariantBasic::kPrimitive, static_cast<size_t>(type)));
  ++size_;
}

void VariantWriter::Little(uint64_t value, size_t width) {
  AppendLittle(scalars_, value, width);
  size_ += width;
}

void VariantWriter::AddNull() { Header(VariantPrimitive::kNull); }

void VariantWriter::AddBoolean(bool value) {
  Header(value ? VariantPrimitive::kTrue : VariantPrimitive::kFalse);
}

void VariantWriter::AddInteger(int64_t value) {
  const auto add = [&](VariantPrimitive type, size_t width) {
    Header(type);
    Little(static_cast<uint64_t>(value), width);
  };
  if (Fits<int8_t>(value)) return add(VariantPrimitive::kInt8, 1);
  if (Fits<int16_t>(value)) return add(VariantPrimitive::kInt16, 2);
  if (Fits<int32_t>(value)) return add(VariantPrimitive::kInt32, 4);
  add(VariantPrimitive::kInt64, 8);
}

void VariantWriter::AddFloat(float value) {
  Header(VariantPrimitive::kFloat);
  Little(std::isnan(value) ? kFloatNan : std::bit_cast<uint32_t>(value), sizeof(float));
}

void VariantWriter::AddDouble(double value) {
  Header(VariantPrimitive::kDouble);
  Little(std::isnan(value) ? kDoubleNan : std::bit_cast<uint64_t>(value), sizeof(double));
}

void VariantWriter::AddDecimal(const arrow::Decimal128& unscaled, int scale) {
  const auto add = [&](VariantPrimitive type, size_t width) {
    Header(type);
    Little(static_cast<uint64_t>(scale), 1);
    Little(unscaled.low_bits(), std::min(width, sizeof(uint64_t)));
    if (width > sizeof(uint64_t))
      Little(static_cast<uint64_t>(unscaled.high_bits()), sizeof(uint64_t));
  };
  if (scale <= kDecimal4Digits && unscaled.FitsInPrecision(kDecimal4Digits)) {
    return add(VariantPrimitive::kDecimal4, 4);
  }
  if (scale <= kDecimal8Digits && unscaled.FitsInPrecision(kDecimal8Digits)) {
    return add(VariantPrimitive::kDecimal8, 8);
  }
  add(VariantPrimitive::kDecimal16, 16);
}

void VariantWriter::AddDate(int32_t days) {
  Header(VariantPrimitive::kDate);
  Little(static_cast<uint32_t>(days), sizeof(days));
}

void VariantWriter::AddTime(VariantPrimitive type, int64_t value) {
  Header(type);
  Little(static_cast<uint64_t>(value), sizeof(value));
}

void VariantWriter::AddString(std::string_view text) {
  if (text.size() > kMostShortString) {
    Header(VariantPrimitive::kString);
    Little(text.size(), kLengthWidth);
  } else {
    scalars_.push_back(FirstByte(VariantBasic::kShortString, text.size()));
    ++size_;
  }
  scalars_.append(text);
  size_ += text.size();
}

void VariantWriter::AddBinary(std::string_view bytes) {
  Header(VariantPrimitive::kBinary);
  Little(bytes.size(), kLengthWidth);
  scalars_.append(bytes);
  size_ += bytes.size();
}

void VariantWriter::AddUuid(std::string_view bytes) {
  Header(VariantPrimitive::kUuid);
  scalars_.append(bytes);
  size_ += bytes.size();
}

Status VariantWriter::AddValue(std::string_view value, const VariantDictionary& names) {
  if (is_full()) return Fail(ErrorKind::kCorrupt, "a variant of more than {} bytes", most_bytes_);
  if (value.empty()) return Fail(ErrorKind::kCorrupt, "a variant's value is empty");
  const VariantBasic basic = BasicTypeOf(value);
  if (basic == VariantBasic::kObject || basic == VariantBasic::kArray) {
    return AddParts(value, names);
  }
  SLUICE_ASSIGN_OR_RETURN(const std::string_view scalar, ScalarAt(value));
  scalars_.append(scalar);
  size_ += scalar.size();
  return {};
}

Status VariantWriter::AddParts(std::string_view value, const VariantDictionary& names) {
  if (open_.size() >= kMostVariantDepth) {
    return Fail(ErrorKind::kCorrupt, "a variant is nested deeper than {} levels",
                kMostVariantDepth);
  }
  SLUICE_ASSIGN_OR_RETURN(const VariantParts parts, VariantParts::Parse(value));
  Begin();
  for (uint32_t i = 0; i < parts.size(); ++i) {
    if (parts.is_object()) {
      SLUICE_ASSIGN_OR_RETURN(const std::string_view name, names.Name(parts.NameId(i)));
      BeginField(name);
    } else {
      BeginElement();
    }
    SLUICE_ASSIGN_OR_RETURN(const std::string_view part, parts.Part(i));
    SLUICE_RETURN_IF_ERROR(AddValue(part, names));
  }
  if (parts.is_object()) return EndObject();
  EndArray();
  return {};
}

uint32_t VariantWriter::IdOf(std::string_view name) {
  const auto [known, is_new] = ids_.emplace(name, static_cast<uint32_t>(names_.size()));
  if (is_new) names_.push_back(name);
  return known->second;
}

void VariantWriter::Begin() {
  open_.push_back({inserts_.size(), size_, parts_.size()});
  inserts_.push_back({scalars_.size(), 0, 0});
}

void VariantWriter::EndArray() { End(/*is_object=*/false); }

Status VariantWriter::EndObject() {
  const auto first = parts_.begin() + static_cast<std::ptrdiff_t>(open_.back().first_part);
  std::sort(first, parts_.end(), [](const Part& a, const Part& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      first, parts_.end(), [](const Part& a, const Part& b) { return a.name == b.name; });
  if (twice != parts_.end()) {
    return Fail(ErrorKind::kCorrupt, "an object of a variant has two fields named '{}'",
                twice->name);
  }
  End(/*is_object=*/true);
  return {};
}

void VariantWriter::End(bool is_object) {
  const Open open = open_.back();
  open_.pop_back();
  const size_t count = parts_.size() - open.first_part;
  const size_t data = size_ - open.start;
  uint32_t most_id = 0;
  for (size_t i = open.first_part; i < parts_.size(); ++i) {
    most_id = std::max(most_id, parts_[i].id);
  }
  const bool is_large = count > kMostSmallSize;
  const size_t id_width = WidthOf(most_id), offset_width = WidthOf(data);
  const size_t widths =
      is_object ? (size_t{is_large} << 4) | ((id_width - 1) << 2) : (size_t{is_large} << 2);
  Insert& insert = inserts_[open.insert];
  insert.begin = headers_.size();
  headers_.push_back(FirstByte(is_object ? VariantBasic::kObject : VariantBasic::kArray,
                               widths | (offset_width - 1)));
  AppendLittle(headers_, count, is_large ? 4 : 1);
  for (size_t i = open.first_part; is_object && i < parts_.size(); ++i) {
    AppendLittle(headers_, parts_[i].id, id_width);
  }
  for (size_t i = open.first_part; i < parts_.size(); ++i) {
    AppendLittle(headers_, parts_[i].offset, offset_width);
  }
  AppendLittle(headers_, data, offset_width);
  insert.size = headers_.size() - insert.begin;
  size_ += insert.size;
  parts_.resize(open.first_part);
}

void VariantWriter::Finish(std::string& value, std::string& metadata) {
  value.clear();
  value.reserve(size_);
  size_t done = 0;
  for (const Insert& insert : inserts_) {
    value.append(scalars_, done, insert.at - done);
    value.append(headers_, insert.begin, insert.size);
    done = insert.at;
  }
  value.append(scalars_, done);

  size_t texts = 0;
  for (const std::string_view name : names_) texts += name.size();
  const size_t width = WidthOf(std::max(texts, names_.size()));
  metadata.clear();
  constexpr unsigned kWidthShift = 6;
  metadata.push_back(static_cast<char>(((width - 1) << kWidthShift) | 1));
  AppendLittle(metadata, names_.size(), width);
  size_t offset = 0;
  AppendLittle(metadata, offset, width);
  for (const std::string_view name : names_) AppendLittle(metadata, offset += name.size(), width);
  for (const std::string_view name : names_) metadata.append(name);
}

}  // namespace sluice::columnar
