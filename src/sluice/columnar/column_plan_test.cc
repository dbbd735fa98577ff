#include "sluice/columnar/column_plan.h"

#include <cstring>

#include "sluice/columnar/parquet_by_hand_fixture.h"

/// Lists and maps in every layout that writers have left, and values in every type.
namespace sluice::columnar {
namespace {

using testing::HasMessage;
using ::testing::HasSubstr;
using testing::IsError;

const TypePtr kTextToLong = arrow::map(arrow::utf8(), arrow::int64());
const TypePtr kLongs = arrow::list(arrow::int64());

/// {a: 1, b: NULL}, {}, NULL, {c: 3}
const LeafData kKeys{{2, 2, 1, 0, 2}, {0, 1, 0, 0, 0}, {"a", "b", "c"}, {}};
const LeafData kValues{{3, 2, 1, 0, 3}, {0, 1, 0, 0, 0}, {}, {1, 3}};
constexpr const char* kMaps = R"([[["a", 1], ["b", null]], [], null, [["c", 3]]])";

NodePtr MapNode(const std::string& entries, const std::string& key, const std::string& value,
                parquet::Type::type value_type) {
  return Group(
      "c", Repeat::OPTIONAL,
      {Group(entries, Repeat::REPEATED,
             {Leaf(key, Repeat::REQUIRED, parquet::Type::BYTE_ARRAY, LogicalType::String()),
              Leaf(value, Repeat::OPTIONAL, value_type)})},
      ConvertedType::MAP);
}

TEST(ColumnPlanTest, PartsOfMapsAreKnownByPosition) {
  for (const auto& [entries, key, value] :
       std::vector<std::tuple<const char*, const char*, const char*>>{
           {"key_value", "key", "value"},
           {"entries", "keys", "values"},
           {"map", "key", "item"},
           {"key_value", "value", "key"}}) {
    const auto file =
        WriteByHand({MapNode(entries, key, value, parquet::Type::INT64)}, {kKeys, kValues});
    ExpectValues(ReadFirst(file, kTextToLong), kTextToLong, kMaps);
  }
}

TEST(ColumnPlanTest, NarrowValuesOfMapsAreWidened) {
  const auto file =
      WriteByHand({MapNode("entries", "keys", "values", parquet::Type::INT32)}, {kKeys, kValues});
  ExpectValues(ReadFirst(file, kTextToLong), kTextToLong, kMaps);
}

TEST(ColumnPlanTest, FieldsThatCameLaterAreNullInsideOfMaps) {
  const auto file =
      WriteByHand({Group("c", Repeat::OPTIONAL,
                         {Group("entries", Repeat::REPEATED,
                                {Leaf("keys", Repeat::REQUIRED, parquet::Type::BYTE_ARRAY),
                                 Group("values", Repeat::REQUIRED,
                                       {Leaf("n", Repeat::OPTIONAL, parquet::Type::INT64)})})},
                         ConvertedType::MAP)},
                  {kKeys, kValues});
  const auto wanted = arrow::map(
      arrow::utf8(),
      arrow::struct_({arrow::field("late", arrow::utf8()), arrow::field("n", arrow::int64())}));
  ExpectValues(ReadFirst(file, wanted), wanted,
               R"([[["a", {"n": 1}], ["b", {}]], [], null, [["c", {"n": 3}]]])");
}

NodePtr OptionalKeys() {
  return Group("c", Repeat::OPTIONAL,
               {Group("map", Repeat::REPEATED,
                      {Leaf("key", Repeat::OPTIONAL, parquet::Type::BYTE_ARRAY),
                       Leaf("value", Repeat::OPTIONAL, parquet::Type::INT64)},
                      ConvertedType::MAP_KEY_VALUE)},
               ConvertedType::MAP);
}

TEST(ColumnPlanTest, KeysThatMayBeNullAreReadWhereNoneIs) {
  LeafData keys = kKeys;
  keys.definition = {3, 3, 1, 0, 3};
  ExpectValues(ReadFirst(WriteByHand({OptionalKeys()}, {keys, kValues}), kTextToLong), kTextToLong,
               kMaps);
}

TEST(ColumnPlanTest, NullKeyIsRefused) {
  LeafData keys = kKeys;
  keys.definition = {3, 2, 1, 0, 3};
  keys.texts = {"a", "c"};
  const auto read = ReadFirst(WriteByHand({OptionalKeys()}, {keys, kValues}), kTextToLong);
  EXPECT_THAT(read, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(read, HasMessage("NULL key"));
}

TEST(ColumnPlanTest, SetIsRefusedOnlyWhereItIsRead) {
  const auto set = Group(
      "c", Repeat::OPTIONAL,
      {Group("map", Repeat::REPEATED, {Leaf("key", Repeat::REQUIRED, parquet::Type::BYTE_ARRAY)})},
      ConvertedType::MAP);
  const auto id = Leaf("id", Repeat::REQUIRED, parquet::Type::INT64);
  ExpectValues(ReadFirst(WriteByHand({id, set}, {Numbers({1, 2, 3, 4}), kKeys}), arrow::int64()),
               arrow::int64(), "[1, 2, 3, 4]");
  EXPECT_THAT(ReadFirst(WriteByHand({set, id}, {kKeys, Numbers({1, 2, 3, 4})}), kTextToLong),
              IsError(ErrorKind::kUnsupported));
}

/// [1, 2], [], NULL, [3], without nulls inside.
const LeafData kTwoLevels{{2, 2, 1, 0, 2}, {0, 1, 0, 0, 0}, {}, {1, 2, 3}};
constexpr const char* kLists = "[[1, 2], [], null, [3]]";

TEST(ColumnPlanTest, ListsOfTwoAndThreeLevels) {
  const NodePtr two =
      Group("c", Repeat::OPTIONAL, {Leaf("x", Repeat::REPEATED, parquet::Type::INT32)},
            ConvertedType::LIST);
  ExpectValues(ReadFirst(WriteByHand({two}, {kTwoLevels}), kLongs), kLongs, kLists);
  for (const auto& [repeated, element] :
       {std::pair("list", "element"), std::pair("bag", "array_element"),
        std::pair("list", "item")}) {
    const NodePtr three = Group("c", Repeat::OPTIONAL,
                                {Group(repeated, Repeat::REPEATED,
                                       {Leaf(element, Repeat::REQUIRED, parquet::Type::INT64)})},
                                ConvertedType::LIST);
    ExpectValues(ReadFirst(WriteByHand({three}, {kTwoLevels}), kLongs), kLongs, kLists);
  }
}

TEST(ColumnPlanTest, RepeatedGroupMayBeTheElement) {
  const auto wanted = arrow::list(arrow::struct_({arrow::field("x", arrow::int64())}));
  constexpr const char* kStructs = R"([[{"x": 1}, {"x": 2}], [], null, [{"x": 3}]])";
  for (const char* name : {"array", "c_tuple"}) {
    const NodePtr list =
        Group("c", Repeat::OPTIONAL,
              {Group(name, Repeat::REPEATED, {Leaf("x", Repeat::REQUIRED, parquet::Type::INT64)})},
              ConvertedType::LIST);
    ExpectValues(ReadFirst(WriteByHand({list}, {kTwoLevels}), wanted), wanted, kStructs);
    EXPECT_THAT(ReadFirst(WriteByHand({list}, {kTwoLevels}), kLongs),
                IsError(ErrorKind::kUnsupported));
  }
}

TEST(ColumnPlanTest, RepeatedColumnIsAList) {
  const auto file = WriteByHand({Leaf("c", Repeat::REPEATED, parquet::Type::INT64)},
                                {{{1, 1, 0, 1}, {0, 1, 0, 0}, {}, {1, 2, 3}}});
  ExpectValues(ReadFirst(file, kLongs), kLongs, "[[1, 2], [], [3]]");
}

TEST(ColumnPlanTest, StructOfWhichNoFieldIsWantedKeepsItsNulls) {
  const auto file = WriteByHand(
      {Group("c", Repeat::OPTIONAL, {Leaf("old", Repeat::OPTIONAL, parquet::Type::INT64)})},
      {{{2, 1, 0}, {0, 0, 0}, {}, {7}}});
  const auto wanted = arrow::struct_({arrow::field("late", arrow::utf8())});
  ExpectValues(ReadFirst(file, wanted), wanted, R"([{"late": null}, {"late": null}, null])");
}

TEST(ColumnPlanTest, FieldsThatMayNotBeNullAreOnlyMissingWhereTheirStructIs) {
  const auto node = [] {
    return Group("c", Repeat::OPTIONAL, {Leaf("a", Repeat::OPTIONAL, parquet::Type::INT64)});
  };
  const TypePtr wanted = arrow::struct_({arrow::field("a", arrow::int64(), /*nullable=*/false)});
  const auto fine = WriteByHand({node()}, {{{2, 0}, {0, 0}, {}, {7}}});
  ExpectValues(ReadFirst(fine, wanted), wanted, R"([{"a": 7}, null])");
  const auto missing = ReadFirst(WriteByHand({node()}, {{{2, 1}, {0, 0}, {}, {7}}}), wanted);
  EXPECT_THAT(missing, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(missing, HasMessage("'c.a'"));
}

TEST(ColumnPlanTest, BinaryWithoutAnnotationIsTextByteForByte) {
  const auto file = WriteByHand({Leaf("c", Repeat::REQUIRED, parquet::Type::BYTE_ARRAY)},
                                {Texts({"a", "\xff\xfe"})});
  const auto read = ReadFirst(file, arrow::utf8());
  ASSERT_THAT(read, testing::IsOk());
  EXPECT_EQ(static_cast<const arrow::StringArray&>(**read).GetView(1), "\xff\xfe");
}

TEST(ColumnPlanTest, DecimalsOfBytesAreBigEndianNumbers) {
  const auto wanted = arrow::decimal128(6, 3);
  const auto file = WriteByHand(
      {Leaf("c", Repeat::REQUIRED, parquet::Type::BYTE_ARRAY, LogicalType::Decimal(5, 2))},
      {Texts({"\x7d", std::string("\xff\x06", 2)})});
  ExpectValues(ReadFirst(file, wanted), wanted, R"(["1.250", "-2.500"])");
  EXPECT_THAT(ReadFirst(file, arrow::decimal128(5, 3)), IsError(ErrorKind::kUnsupported));
}

TEST(ColumnPlanTest, IntegersAreNeverCutOff) {
  const auto file =
      WriteByHand({Leaf("c", Repeat::REQUIRED, parquet::Type::INT32)}, {Numbers({127, 128})});
  EXPECT_THAT(ReadFirst(file, arrow::int8()), IsError(ErrorKind::kUnsupported));
  ExpectValues(ReadFirst(file, arrow::int16()), arrow::int16(), "[127, 128]");
}

TEST(ColumnPlanTest, UnsignedIntegersAreWhatTheyMean) {
  const auto file =
      WriteByHand({Leaf("c", Repeat::REQUIRED, parquet::Type::INT32, LogicalType::Int(32, false))},
                  {Numbers({1, -1})});
  ExpectValues(ReadFirst(file, arrow::int64()), arrow::int64(), "[1, 4294967295]");
  EXPECT_THAT(ReadFirst(file, arrow::int32()), IsError(ErrorKind::kUnsupported));
}

TEST(ColumnPlanTest, NanosecondsAreRefusedAsSparkDoes) {
  const auto file = WriteByHand({Leaf("c", Repeat::REQUIRED, parquet::Type::INT64,
                                      LogicalType::Timestamp(true, LogicalType::TimeUnit::NANOS))},
                                {Numbers({1})});
  const auto read = ReadFirst(file, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
  EXPECT_THAT(read, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(read, HasMessage("timestamp in nanoseconds"));
}

TEST(ColumnPlanTest, ColumnOfNullsIsNullInAnyType) {
  const auto file =
      WriteByHand({Leaf("c", Repeat::OPTIONAL, parquet::Type::INT32, LogicalType::Null())},
                  {{{0, 0}, {0, 0}, {}, {}}});
  ExpectValues(ReadFirst(file, arrow::utf8()), arrow::utf8(), "[null, null]");
}

TEST(ColumnPlanTest, MarksOfArrowChangeNothing) {
  const auto file = WriteByHand({Leaf("c", Repeat::REQUIRED, parquet::Type::INT64)}, {Numbers({1})},
                                {{"ARROW:schema", "no schema at all"}});
  ExpectValues(ReadFirst(file, arrow::int64()), arrow::int64(), "[1]");
}

}  // namespace
}  // namespace sluice::columnar
