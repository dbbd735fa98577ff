#include "sluice/delta/schema/char_padding.h"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace sluice::delta {
namespace {

Field Column(const std::string& metadata) {
  return Field{"c", DataType{TypeId::kString, 0, 0, {}}, true, metadata};
}

int64_t LengthBy(const std::string& metadata) {
  return ReadCharLengths(Column(metadata)).value().length;
}

TEST(ReadCharLengths, IsThatOfCharColumnsOnly) {
  EXPECT_EQ(LengthBy(R"-({"comment":"x","__CHAR_VARCHAR_TYPE_STRING":"char(12)"})-"), 12);
  EXPECT_EQ(LengthBy(R"-({"__CHAR_VARCHAR_TYPE_STRING":"varchar(12)"})-"), 0);
  EXPECT_EQ(LengthBy(R"-({"comment":"__CHAR_VARCHAR_TYPE_STRING"})-"), 0);
  EXPECT_EQ(LengthBy("{}"), 0);
}

TEST(TextLimitOf, IsThatOfCharAndVarcharColumns) {
  const auto limit = [](const std::string& type) {
    return TextLimitOf(Column(R"({"__CHAR_VARCHAR_TYPE_STRING":")" + type + R"("})"));
  };
  EXPECT_EQ(limit("char(12)"), (TextLimit{12, true}));
  EXPECT_EQ(limit("varchar(12)"), (TextLimit{12, false}));
  for (const char* other : {"string", "char", "char(x)", "varchar(", ""}) {
    EXPECT_EQ(limit(other), TextLimit()) << other;
  }
  EXPECT_EQ(CountCharacters("Straße"), 6);
}

Field Nested(const std::string& note) {
  auto schema = ParseSchema(
      R"-({"type":"struct","fields":[{"name":"c","nullable":true,"metadata":{},"type":{"type":"struct","fields":[
        {"name":"a:b","type":"string","nullable":true,"metadata":{}},
        {"name":"n","type":"decimal(10,2)","nullable":true,"metadata":{}},
        {"name":"m","nullable":true,"metadata":{},"type":{"type":"map","keyType":"string","valueContainsNull":true,
         "valueType":{"type":"array","elementType":"string","containsNull":true}}}]
}
}]
})-");
  Field field = schema.value().fields.at(0);
  field.metadata_json = R"({"__CHAR_VARCHAR_TYPE_STRING":")" + note + R"("})";
  return field;
}

TEST(PadChars, FillsUpInsideOfStructsMapsAndArrays) {
  const Field field = Nested("struct<a:b:char(2),n:decimal(10,2),m:map<char(3),array<char(1)>>>");
  const auto type = ToArrow(field.type).value();
  const auto values =
      arrow::json::ArrayFromJSONString(
          type, R"([{"a:b": "off"}, {"a:b": "x", "n": "1.00", "m": [["k", ["", null]]]}, null])")
          .ValueOrDie();
  const auto wanted =
      arrow::json::ArrayFromJSONString(
          type, R"([{"a:b": "x ", "n": "1.00", "m": [["k  ", [" ", null]]]}, null])")
          .ValueOrDie();
  const auto padded = PadChars(values->Slice(1), ReadCharLengths(field).value()).value();
  EXPECT_TRUE(padded->Equals(wanted)) << padded->ToString();
}

TEST(ReadCharLengths, NoteThatDoesNotFitIsRefused) {
  EXPECT_FALSE(ReadCharLengths(Nested("struct<other:char(2)>")).has_value());
  EXPECT_FALSE(ReadCharLengths(Nested("struct<other:varchar(2)>")).value().any());
}

TEST(PadChars, FillsUpToCharactersNotBytes) {
  const auto strings =
      arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["off", "", "é", null, "abc", "abcd"])")
          .ValueOrDie()
          ->Slice(1);
  const auto wanted =
      arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["   ", "é  ", null, "abc", "abcd"])")
          .ValueOrDie();
  EXPECT_TRUE(PadChars(strings, CharLengths{3, {}}).value()->Equals(wanted));
}

}  // namespace
}  // namespace sluice::delta
