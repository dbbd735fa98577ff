#include "sluice/store/checksum.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace sluice::store {
namespace {

constexpr uint64_t kReflectedPolynomial = 0x9a6c9329ac4bc9b5;

using Tables = std::array<std::array<uint64_t, 256>, 8>;

/// Table k holds the effect of a byte that is followed by k zero bytes, so that eight bytes are taken
/// in at once.
Tables MakeTables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t byte = 0; byte < 256; ++byte) {
    for (size_t k = 1; k < 8; ++k) {
      const uint64_t before = tables[k - 1][byte];
      tables[k][byte] = tables[0][before & 0xff] ^ (before >> 8);
    }
  }
  return tables;
}

const Tables& TheTables() {
  static const Tables tables = MakeTables();
  return tables;
}

/// The product of two polynomials modulo the generator; the highest bit is x^0.
uint64_t Multiply(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  for (uint64_t bit = uint64_t{1} << 63; bit != 0; bit >>= 1) {
    if (a & bit) product ^= b;
    b = (b >> 1) ^ ((b & 1) ? kReflectedPolynomial : 0);
  }
  return product;
}

/// x^(8 * bytes): what a CRC is multiplied by when that many bytes follow.
uint64_t ShiftOf(int64_t bytes) {
  uint64_t result = uint64_t{1} << 63;
  uint64_t power = uint64_t{1} << (63 - 8);
  for (; bytes > 0; bytes >>= 1) {
    if (bytes & 1) result = Multiply(result, power);
    power = Multiply(power, power);
  }
  return result;
}

}  // namespace

void Crc64Nvme::Update(std::span<const uint8_t> bytes) {
  const Tables& t = TheTables();
  uint64_t crc = state_;
  const uint8_t* p = bytes.data();
  size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    crc ^= word;
    crc = t[7][crc & 0xff] ^ t[6][(crc >> 8) & 0xff] ^ t[5][(crc >> 16) & 0xff] ^
          t[4][(crc >> 24) & 0xff] ^ t[3][(crc >> 32) & 0xff] ^ t[2][(crc >> 40) & 0xff] ^
          t[1][(crc >> 48) & 0xff] ^ t[0][crc >> 56];
  }
  for (; n > 0; --n, ++p) crc = t[0][(crc ^ *p) & 0xff] ^ (crc >> 8);
  state_ = crc;
}

void Crc64Nvme::Combine(uint64_t crc, int64_t length) {
  state_ = ~(Multiply(ShiftOf(length), value()) ^ crc);
}

std::string Crc64Nvme::ToString(uint64_t crc) { return fmt::format("crc64nvme:{:016x}", crc); }

}  // namespace sluice::store
