#include "sluice/delta/schema/partition_value.h"

#include <arrow/scalar.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "sluice/testing/matchers.h"
#include "sluice/testing/source_dir.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;

DataType Type(TypeId id) { return DataType{id, 0, 0, {}}; }

std::string Read(const std::string& text, const DataType& type,
                 const TimeZone& zone = TimeZone::Utc()) {
  const auto scalar = ParsePartitionValue(text, type, zone);
  return scalar ? (*scalar)->ToString() : "error: " + scalar.error().message;
}

int64_t Micros(const std::string& text, TypeId id, const TimeZone& zone) {
  const auto scalar = ParsePartitionValue(text, Type(id), zone).value();
  return static_cast<const arrow::TimestampScalar&>(*scalar).value;
}

TEST(ParsePartitionValue, EveryTypeIsReadFromItsText) {
  EXPECT_EQ(Read("a/b é", Type(TypeId::kString)), "a/b é");
  EXPECT_EQ(Read("-9223372036854775808", Type(TypeId::kLong)), "-9223372036854775808");
  EXPECT_EQ(Read("1.0E10", Type(TypeId::kDouble)), "1e+10");
  EXPECT_EQ(Read("true", Type(TypeId::kBoolean)), "true");
  EXPECT_EQ(Read("2024-02-29", Type(TypeId::kDate)), "2024-02-29");
  EXPECT_EQ(Read("0E-10", (DataType{TypeId::kDecimal, 20, 10, {}})), "0E-10");
  EXPECT_EQ(Read("-1.5", (DataType{TypeId::kDecimal, 5, 2, {}})), "-1.50");
}

TEST(ParsePartitionValue, ATimestampWithoutAnOffsetIsReadInTheZone) {
  const TimeZone zone = TimeZone::Find("America/Los_Angeles").value();
  constexpr int64_t kEightHours = Hours(8).micros;
  EXPECT_EQ(Micros("1970-01-01 00:00:01", TypeId::kTimestamp, zone), kEightHours + 1'000'000);
  EXPECT_EQ(Micros("1970-01-01", TypeId::kTimestamp, zone), kEightHours);
  EXPECT_EQ(Micros("1970-01-01T00:00:00.123456Z", TypeId::kTimestamp, zone), 123'456);
  EXPECT_EQ(Micros("1970-01-01 00:00:00.123456", TypeId::kTimestampNtz, zone), 123'456);
}

TEST(ParsePartitionValue, AnEmptyTextIsNullExceptAsText) {
  const auto null = ParsePartitionValue(std::nullopt, Type(TypeId::kDate), TimeZone::Utc()).value();
  EXPECT_FALSE(null->is_valid);
  EXPECT_EQ(null->type->ToString(), "date32[day]");
  EXPECT_EQ(Read("", Type(TypeId::kDate)), "null");
  EXPECT_EQ(Read("", Type(TypeId::kString)), "");
}

TEST(ParsePartitionValue, WhatDependsOnTheDayOfReadingIsRefusedByName) {
  const auto scalar = ParsePartitionValue("10:00:00", Type(TypeId::kTimestamp), TimeZone::Utc());
  EXPECT_THAT(scalar, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(scalar, HasMessage("'10:00:00' of type timestamp"));
}

/// What the fixture says of one spelling, in its notation.
std::string Rendered(const arrow::Scalar& scalar) {
  if (!scalar.is_valid) return "null";
  const auto hex = [](std::string_view bytes) {
    std::string text;
    for (const char c : bytes) text += fmt::format("{:02X}", static_cast<unsigned char>(c));
    return text;
  };
  switch (scalar.type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return hex(static_cast<const arrow::BaseBinaryScalar&>(scalar).view());
    case arrow::Type::DATE32:
      return fmt::format("{}", static_cast<const arrow::Date32Scalar&>(scalar).value);
    case arrow::Type::TIMESTAMP:
      return fmt::format("{}", static_cast<const arrow::TimestampScalar&>(scalar).value);
    case arrow::Type::DOUBLE:
      return fmt::format("{:a}", static_cast<const arrow::DoubleScalar&>(scalar).value);
    case arrow::Type::FLOAT:
      return fmt::format("{:a}", static_cast<const arrow::FloatScalar&>(scalar).value);
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Scalar&>(scalar);
      const auto& type = static_cast<const arrow::Decimal128Type&>(*scalar.type);
      return decimal.value.ToString(type.scale());
    }
    default:
      return scalar.ToString();
  }
}

std::string Expected(const nlohmann::json& value, const DataType& type) {
  if (value.is_null()) return "null";
  const auto text = value.get<std::string>();
  if (type.id == TypeId::kDouble) return fmt::format("{:a}", std::strtod(text.c_str(), nullptr));
  if (type.id == TypeId::kFloat) return fmt::format("{:a}", std::strtof(text.c_str(), nullptr));
  return text;
}

TEST(ParsePartitionValue, EverySpellingIsReadAsSparkCastsIt) {
  std::ifstream file(testing::SourceDir() / "tests/fixtures/partition_casts.json");
  const auto casts = nlohmann::json::parse(file);
  std::set<std::string> refused;
  for (const auto& [key, spellings] : casts.items()) {
    const size_t space = key.find(' ');
    const TimeZone zone = TimeZone::Find(key.substr(space + 1)).value();
    const DataType type = ParseSchema(R"({"type":"struct","fields":[{"name":"p","type":")" +
                                      key.substr(0, space) + R"("}]})")
                              .value()
                              .fields[0]
                              .type;
    for (const auto& spelling : spellings) {
      const auto text = spelling[0].get<std::string>();
      const auto scalar = ParsePartitionValue(text, type, zone);
      if (!scalar) {
        EXPECT_THAT(scalar, IsError(ErrorKind::kUnsupported));
        refused.insert(text);
        continue;
      }
      EXPECT_EQ(Rendered(**scalar), Expected(spelling[1], type)) << key << ": '" << text << "'";
    }
  }
  EXPECT_THAT(refused, ElementsAre("0x1.8p1d", "0x1p3", "2026-01-05 10:00:00 Nowhere/Land",
                                   "2026-01-05 10:00:00 SystemV/PST8PDT",
                                   "2026-01-05 10:00:00 europe/berlin", "\u00a01.5", "１"));
}

}  // namespace
}  // namespace sluice::delta
