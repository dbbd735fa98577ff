#include "sluice/columnar/variant_value.h"

#include <optional>

namespace sluice::columnar {
namespace {

constexpr unsigned kBasicBits = 2;
constexpr uint8_t kBasicMask = 3, kWidthMask = 3;
constexpr size_t kLongSize = 4;
// Metadata: version, and the width of its numbers less one.
constexpr uint8_t kVersionMask = 0x0F, kVersion = 1;
constexpr unsigned kWidthShift = 6;
// The upper six bits of an object and of an array.
constexpr unsigned kIdWidthShift = 2;
constexpr uint8_t kLargeObject = 0x10, kLargeArray = 0x04;

uint8_t HeaderOf(std::string_view value) {
  return static_cast<uint8_t>(static_cast<uint8_t>(value.front()) >> kBasicBits);
}

// REQUIRES: the bytes are there.
uint32_t NumberAt(std::string_view bytes, size_t at, size_t width) {
  uint32_t number = 0;
  for (size_t i = 0; i < width; ++i) {
    number |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + i])) << (8 * i);
  }
  return number;
}

// After the first byte; nullopt for a type that the format does not have.
std::optional<size_t> FixedSize(VariantPrimitive type) {
  switch (type) {
    case VariantPrimitive::kNull:
    case VariantPrimitive::kTrue:
    case VariantPrimitive::kFalse:
      return 0;
    case VariantPrimitive::kInt8:
      return 1;
    case VariantPrimitive::kInt16:
      return 2;
    case VariantPrimitive::kInt32:
    case VariantPrimitive::kDate:
    case VariantPrimitive::kFloat:
      return 4;
    case VariantPrimitive::kInt64:
    case VariantPrimitive::kDouble:
    case VariantPrimitive::kTimestamp:
    case VariantPrimitive::kTimestampNtz:
    case VariantPrimitive::kTime:
    case VariantPrimitive::kTimestampNanos:
    case VariantPrimitive::kTimestampNtzNanos:
      return 8;
    case VariantPrimitive::kDecimal4:
      return 1 + 4;
    case VariantPrimitive::kDecimal8:
      return 1 + 8;
    case VariantPrimitive::kDecimal16:
      return 1 + 16;
    case VariantPrimitive::kUuid:
      return 16;
    case VariantPrimitive::kBinary:
    case VariantPrimitive::kString:
      return kLongSize;  // and so many bytes as it says
  }
  return std::nullopt;
}

}  // namespace

Result<VariantDictionary> VariantDictionary::Parse(std::string_view metadata) {
  VariantDictionary names;
  if (metadata.empty()) return Fail(ErrorKind::kCorrupt, "a variant's metadata is empty");
  const auto header = static_cast<uint8_t>(metadata.front());
  if ((header & kVersionMask) != kVersion) {
    return Fail(ErrorKind::kCorrupt, "a variant's metadata has version {}, known is {}",
                header & kVersionMask, kVersion);
  }
  names.width_ = (header >> kWidthShift) + size_t{1};
  if (metadata.size() < 1 + names.width_) {
    return Fail(ErrorKind::kCorrupt, "a variant's metadata ends in its first number");
  }
  names.size_ = NumberAt(metadata, 1, names.width_);
  if ((metadata.size() - 1) / names.width_ < size_t{names.size_} + 2) {
    return Fail(ErrorKind::kCorrupt, "a variant's metadata of {} bytes announces {} names",
                metadata.size(), names.size_);
  }
  names.metadata_ = metadata;
  return names;
}

Result<std::string_view> VariantDictionary::Name(uint32_t id) const {
  if (id >= size_) {
    return Fail(ErrorKind::kCorrupt, "a variant has a field named by number {} of {} names", id,
                size_);
  }
  const size_t offsets = 1 + width_;
  const std::string_view texts = metadata_.substr(offsets + (size_t{size_} + 1) * width_);
  const uint32_t begin = NumberAt(metadata_, offsets + id * width_, width_);
  const uint32_t end = NumberAt(metadata_, offsets + (size_t{id} + 1) * width_, width_);
  if (begin > end || end > texts.size()) {
    return Fail(ErrorKind::kCorrupt, "name {} of a variant's metadata lies outside of it", id);
  }
  return texts.substr(begin, end - begin);
}

VariantBasic BasicTypeOf(std::string_view value) {
  return static_cast<VariantBasic>(static_cast<uint8_t>(value.front()) & kBasicMask);
}

Result<VariantParts> VariantParts::Parse(std::string_view value) {
  const bool is_object = BasicTypeOf(value) == VariantBasic::kObject;
  const uint8_t header = HeaderOf(value);
  const size_t size_width =
      (header & (is_object ? kLargeObject : kLargeArray)) != 0 ? kLongSize : 1;
  VariantParts parts;
  parts.offset_width_ = (header & kWidthMask) + size_t{1};
  if (is_object) parts.id_width_ = ((header >> kIdWidthShift) & kWidthMask) + size_t{1};
  if (value.size() < 1 + size_width) {
    return Fail(ErrorKind::kCorrupt, "a variant ends where an object or array begins");
  }
  parts.size_ = NumberAt(value, 1, size_width);
  const size_t ids = 1 + size_width;
  const size_t offsets = ids + parts.size_ * parts.id_width_;
  const size_t data = offsets + (size_t{parts.size_} + 1) * parts.offset_width_;
  if (value.size() < data) {
    return Fail(ErrorKind::kCorrupt, "a variant of {} bytes announces {} parts", value.size(),
                parts.size_);
  }
  parts.ids_ = value.substr(ids, offsets - ids);
  parts.offsets_ = value.substr(offsets, data - offsets);
  const uint32_t end =
      NumberAt(parts.offsets_, parts.size_ * parts.offset_width_, parts.offset_width_);
  if (end > value.size() - data) {
    return Fail(ErrorKind::kCorrupt, "a variant's parts end {} bytes after it",
                end - (value.size() - data));
  }
  parts.parts_ = value.substr(data, end);
  return parts;
}

uint32_t VariantParts::NameId(uint32_t i) const { return NumberAt(ids_, i * id_width_, id_width_); }

Result<std::string_view> VariantParts::Part(uint32_t i) const {
  const uint32_t begin = NumberAt(offsets_, i * offset_width_, offset_width_);
  if (begin >= parts_.size()) {
    return Fail(ErrorKind::kCorrupt, "part {} of a variant's {} begins at byte {} of {}", i, size_,
                begin, parts_.size());
  }
  return parts_.substr(begin);
}

Result<std::string_view> ScalarAt(std::string_view value) {
  const uint8_t header = HeaderOf(value);
  size_t size = header;
  if (BasicTypeOf(value) == VariantBasic::kPrimitive) {
    const auto type = static_cast<VariantPrimitive>(header);
    const auto fixed = FixedSize(type);
    if (!fixed) return Fail(ErrorKind::kCorrupt, "a variant has the unknown type {}", header);
    size = *fixed;
    const bool has_length = type == VariantPrimitive::kBinary || type == VariantPrimitive::kString;
    if (has_length && value.size() > kLongSize) size += NumberAt(value, 1, kLongSize);
  }
  if (value.size() - 1 < size) {
    return Fail(ErrorKind::kCorrupt, "a variant's value of {} bytes ends after {}", 1 + size,
                value.size());
  }
  return value.substr(0, 1 + size);
}

}  // namespace sluice::columnar
