#include "sluice/delta/schema/char_padding.h"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace sluice::delta {
namespace {

Field Column(const std::string& metadata) {
  return Field{"c", DataType{TypeId::kString, 0, 0, {}}, true, metadata};
}

TEST(CharLength, IsThatOfCharColumnsOnly) {
  EXPECT_EQ(CharLength(Column(R"-({"comment":"x","__CHAR_VARCHAR_TYPE_STRING":"char(12)"})-")), 12);
  EXPECT_EQ(CharLength(Column(R"-({"__CHAR_VARCHAR_TYPE_STRING":"varchar(12)"})-")), 0);
  EXPECT_EQ(CharLength(Column(R"-({"comment":"__CHAR_VARCHAR_TYPE_STRING"})-")), 0);
  EXPECT_EQ(CharLength(Column("{}")), 0);
}

TEST(PadChars, FillsUpToCharactersNotBytes) {
  const auto strings =
      arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["off", "", "é", null, "abc", "abcd"])")
          .ValueOrDie()
          ->Slice(1);
  const auto wanted =
      arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["   ", "é  ", null, "abc", "abcd"])")
          .ValueOrDie();
  EXPECT_TRUE(PadChars(strings, 3).value()->Equals(wanted));
}

}  // namespace
}  // namespace sluice::delta
