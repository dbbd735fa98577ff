#include "sluice/delta/schema/partition_value.h"

#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using testing::HasMessage;
using testing::IsError;

DataType Type(TypeId id) { return DataType{id, 0, 0, {}}; }

std::string Read(const std::string& text, const DataType& type) {
  const auto scalar = ParsePartitionValue(text, type);
  return scalar ? (*scalar)->ToString() : "error: " + scalar.error().message;
}

TEST(ParsePartitionValue, EveryTypeIsReadFromItsText) {
  EXPECT_EQ(Read("a/b é", Type(TypeId::kString)), "a/b é");
  EXPECT_EQ(Read("-9223372036854775808", Type(TypeId::kLong)), "-9223372036854775808");
  EXPECT_EQ(Read("-128", Type(TypeId::kByte)), "-128");
  EXPECT_EQ(Read("+7", Type(TypeId::kInteger)), "7");
  EXPECT_EQ(Read("32767", Type(TypeId::kShort)), "32767");
  EXPECT_EQ(Read("1.5", Type(TypeId::kFloat)), "1.5");
  EXPECT_EQ(Read("1.0E10", Type(TypeId::kDouble)), "1e+10");
  EXPECT_EQ(Read("-Infinity", Type(TypeId::kDouble)), "-inf");
  EXPECT_EQ(Read("true", Type(TypeId::kBoolean)), "true");
  EXPECT_EQ(Read("2024-02-29", Type(TypeId::kDate)), "2024-02-29");
  EXPECT_EQ(Read("0E-10", (DataType{TypeId::kDecimal, 20, 10, {}})), "0E-10");
  EXPECT_EQ(Read("-1.5", (DataType{TypeId::kDecimal, 5, 2, {}})), "-1.50");
}

TEST(ParsePartitionValue, TimestampsWithoutAnOffsetAreUtc) {
  const auto micros = [](const char* text, TypeId id) {
    const auto scalar = ParsePartitionValue(text, Type(id)).value();
    return static_cast<const arrow::TimestampScalar&>(*scalar).value;
  };
  EXPECT_EQ(micros("1970-01-01 00:00:01", TypeId::kTimestamp), 1'000'000);
  EXPECT_EQ(micros("1970-01-01 00:00:00.123456", TypeId::kTimestampNtz), 123'456);
  EXPECT_EQ(micros("1970-01-01T00:00:00.123456Z", TypeId::kTimestamp), 123'456);
}

TEST(ParsePartitionValue, NullAndEmptyAreNullOfTheType) {
  const auto null = ParsePartitionValue(std::nullopt, Type(TypeId::kDate)).value();
  EXPECT_FALSE(null->is_valid);
  EXPECT_EQ(null->type->ToString(), "date32[day]");
  EXPECT_FALSE(ParsePartitionValue("", Type(TypeId::kString)).value()->is_valid);
}

TEST(ParsePartitionValue, TextOfNoSuchValueIsCorruptAndNamed) {
  const std::pair<const char*, DataType> kBad[] = {{"x", Type(TypeId::kLong)},
                                                   {"1.5", Type(TypeId::kLong)},
                                                   {"128", Type(TypeId::kByte)},
                                                   {"-", Type(TypeId::kDate)},
                                                   {"2023-02-29", Type(TypeId::kDate)},
                                                   {"2023-13-01", Type(TypeId::kDate)},
                                                   {"2023", Type(TypeId::kDate)},
                                                   {"yes", Type(TypeId::kBoolean)},
                                                   {"now", Type(TypeId::kTimestamp)},
                                                   {"1.555", DataType{TypeId::kDecimal, 5, 2, {}}},
                                                   {"1234", DataType{TypeId::kDecimal, 5, 2, {}}}};
  for (const auto& [text, type] : kBad) {
    const auto scalar = ParsePartitionValue(text, type);
    EXPECT_THAT(scalar, IsError(ErrorKind::kCorrupt)) << text;
    EXPECT_THAT(scalar, HasMessage(text));
  }
}

}  // namespace
}  // namespace sluice::delta
