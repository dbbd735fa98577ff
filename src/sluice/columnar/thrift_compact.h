#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The parts of Thrift's compact protocol that a Parquet footer is made of.
namespace sluice::columnar {

enum class ThriftType : uint8_t {
  kStop = 0,
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kInt16 = 4,
  kInt32 = 5,
  kInt64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
  kUuid = 13,
};

struct ThriftField {
  int id = 0;
  ThriftType type = ThriftType::kStop;  ///< kTrue and kFalse are the values themselves
};

struct ThriftList {
  uint64_t size = 0;
  ThriftType type = ThriftType::kStop;
};

/// Reads from bytes that it borrows. After a failure (bytes that end too early, or are no Thrift)
/// every call gives zeros, and ok() is false.
class ThriftReader {
 public:
  explicit ThriftReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t position() const { return position_; }
  /// The next field's header; `last_id` is that of the one before it in the struct, 0 at first.
  ThriftField Field(int last_id);
  ThriftList List();
  uint64_t Varint();
  int64_t Integer();  ///< int16, int32 and int64
  int8_t Byte();
  std::string_view Binary();
  /// Passes over a value of a field.
  void Skip(ThriftType type) { SkipValue(type, 0); }
  /// The bytes from `begin` to here.
  std::string_view Since(size_t begin) const { return bytes_.substr(begin, position_ - begin); }

 private:
  void SkipValue(ThriftType type, int depth);
  void SkipElement(ThriftType type, int depth);
  void SkipStruct(int depth);
  void SkipMap(int depth);
  void Advance(uint64_t count);
  uint8_t Next();

  std::string_view bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

/// Writes one struct's fields, ids ascending.
class ThriftWriter {
 public:
  /// A field whose value the caller appends to out().
  void Field(int id, ThriftType type);
  void Field(int id, ThriftType type, std::string_view value) {
    Field(id, type);
    out_.append(value);
  }
  void List(ThriftList list);
  void Varint(uint64_t value);
  void Stop();
  std::string& out() { return out_; }

 private:
  std::string out_;
  int last_id_ = 0;
};

}  // namespace sluice::columnar
