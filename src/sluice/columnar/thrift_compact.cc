#include "sluice/columnar/thrift_compact.h"

namespace sluice::columnar {
namespace {

constexpr int kMaxDepth = 64;
constexpr uint64_t kLongList = 15;

int64_t Unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

uint64_t Zigzag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}

}  // namespace

uint8_t ThriftReader::Next() {
  if (!ok_ || position_ >= bytes_.size()) {
    ok_ = false;
    return 0;
  }
  return static_cast<uint8_t>(bytes_[position_++]);
}

void ThriftReader::Advance(uint64_t count) {
  if (!ok_ || count > bytes_.size() - position_) {
    ok_ = false;
    return;
  }
  position_ += count;
}

uint64_t ThriftReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Next();
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return ok_ ? value : 0;
  }
  ok_ = false;
  return 0;
}

int64_t ThriftReader::Integer() { return Unzigzag(Varint()); }

int8_t ThriftReader::Byte() { return static_cast<int8_t>(Next()); }

std::string_view ThriftReader::Binary() {
  const uint64_t size = Varint();
  const size_t begin = position_;
  Advance(size);
  return ok_ ? bytes_.substr(begin, size) : std::string_view();
}

ThriftField ThriftReader::Field(int last_id) {
  const uint8_t header = Next();
  if (!ok_ || header == 0) return {};
  ThriftField field;
  field.type = static_cast<ThriftType>(header & 0x0F);
  const int step = header >> 4;
  // Ids have 16 bits, and wrap around.
  field.id = static_cast<int16_t>(step != 0 ? last_id + step : Integer());
  return ok_ ? field : ThriftField{};
}

ThriftList ThriftReader::List() {
  const uint8_t header = Next();
  ThriftList list;
  list.type = static_cast<ThriftType>(header & 0x0F);
  list.size = header >> 4;
  if (list.size == kLongList) list.size = Varint();
  // Each element takes a byte at least.
  if (list.size > bytes_.size() - position_) ok_ = false;
  return ok_ ? list : ThriftList{};
}

void ThriftReader::SkipElement(ThriftType type, int depth) {
  if (type == ThriftType::kTrue || type == ThriftType::kFalse) {
    Advance(1);  // in a list or map, unlike in a field, a boolean has a byte of its own
  } else {
    SkipValue(type, depth);
  }
}

void ThriftReader::SkipStruct(int depth) {
  int id = 0;
  while (ok_) {
    const ThriftField field = Field(id);
    if (field.type == ThriftType::kStop) return;
    id = field.id;
    SkipValue(field.type, depth + 1);
  }
}

void ThriftReader::SkipMap(int depth) {
  const uint64_t size = Varint();
  if (size == 0) return;
  const uint8_t types = Next();
  for (uint64_t i = 0; i < size && ok_; ++i) {
    SkipElement(static_cast<ThriftType>(types >> 4), depth + 1);
    SkipElement(static_cast<ThriftType>(types & 0x0F), depth + 1);
  }
}

void ThriftReader::SkipValue(ThriftType type, int depth) {
  constexpr uint64_t kDoubleBytes = 8, kUuidBytes = 16;
  if (depth > kMaxDepth) ok_ = false;
  if (!ok_) return;
  switch (type) {
    case ThriftType::kTrue:
    case ThriftType::kFalse:
      return;
    case ThriftType::kByte:
      return Advance(1);
    case ThriftType::kInt16:
    case ThriftType::kInt32:
    case ThriftType::kInt64:
      Varint();
      return;
    case ThriftType::kDouble:
      return Advance(kDoubleBytes);
    case ThriftType::kUuid:
      return Advance(kUuidBytes);
    case ThriftType::kBinary:
      return Advance(Varint());
    case ThriftType::kList:
    case ThriftType::kSet: {
      const ThriftList list = List();
      for (uint64_t i = 0; i < list.size && ok_; ++i) SkipElement(list.type, depth + 1);
      return;
    }
    case ThriftType::kMap:
      return SkipMap(depth);
    case ThriftType::kStruct:
      return SkipStruct(depth);
    case ThriftType::kStop:
      break;
  }
  ok_ = false;
}

void ThriftWriter::Field(int id, ThriftType type) {
  const int step = id - last_id_;
  const auto kind = static_cast<uint8_t>(type);
  if (step > 0 && step <= 15) {
    out_.push_back(static_cast<char>(step << 4 | kind));
  } else {
    out_.push_back(static_cast<char>(kind));
    Varint(Zigzag(id));
  }
  last_id_ = id;
}

void ThriftWriter::List(ThriftList list) {
  const auto kind = static_cast<uint8_t>(list.type);
  if (list.size < kLongList) {
    out_.push_back(static_cast<char>(list.size << 4 | kind));
  } else {
    out_.push_back(static_cast<char>(kLongList << 4 | kind));
    Varint(list.size);
  }
}

void ThriftWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<char>(value));
}

void ThriftWriter::Stop() { out_.push_back(0); }

}  // namespace sluice::columnar
