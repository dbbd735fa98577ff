#pragma once

#include <compare>
#include <cstdint>

namespace sluice {

/// A number of a Delta commit (PROTOCOL.md, "Delta Log Entries"); 0 is the first. Its own type so
/// that it can't be mistaken for a time, a row count or an export number.
struct Version {
  int64_t value = -1;
  auto operator<=>(const Version&) const = default;
};

inline Version Next(Version v) { return Version{v.value + 1}; }

/// An instant in UTC: microseconds since 1970-01-01T00:00:00Z, the resolution of Delta and Spark.
struct Timestamp {
  int64_t micros = 0;
  auto operator<=>(const Timestamp&) const = default;
};

/// A length of time in microseconds; may be negative.
struct Duration {
  int64_t micros = 0;
  auto operator<=>(const Duration&) const = default;
};

inline constexpr Duration Seconds(int64_t n) { return Duration{n * 1'000'000}; }
inline constexpr Duration Minutes(int64_t n) { return Seconds(n * 60); }
inline constexpr Duration Hours(int64_t n) { return Minutes(n * 60); }
inline constexpr Duration Days(int64_t n) { return Hours(n * 24); }

inline constexpr Timestamp operator+(Timestamp t, Duration d) { return {t.micros + d.micros}; }
inline constexpr Timestamp operator-(Timestamp t, Duration d) { return {t.micros - d.micros}; }
inline constexpr Duration operator-(Timestamp a, Timestamp b) { return {a.micros - b.micros}; }

/// A 128-bit sum of row hashes, modulo 2^128: independent of the order of rows, and rows that stand
/// twice do not cancel. Subtraction takes rows out again.
struct RowHashSum {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const RowHashSum&) const = default;

  void Add(uint64_t h, uint64_t l) {
    const uint64_t before = low;
    low += l;
    high += h + (low < before ? 1 : 0);
  }
  void Add(const RowHashSum& other) { Add(other.high, other.low); }
  void Subtract(uint64_t h, uint64_t l) {
    high -= h + (low < l ? 1 : 0);
    low -= l;
  }
};

}  // namespace sluice
