#include "sluice/columnar/shredded_variant.h"

#include <arrow/array.h>

#include "sluice/columnar/parquet_by_hand_fixture.h"
#include "sluice/columnar/variant_text_fixture.h"

/// Files whose schemas and values are written by hand, as VariantShredding.md has them and as it forbids.
namespace sluice::columnar {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;
using Rows = std::vector<std::string>;

const std::string kNoNames("\x01\x00\x00", 3);
const std::string kAB(
    "\x01\x02\x00\x01\x02"
    "ab",
    7);
const std::string kNull(1, '\0'), kFive("\x0C\x05", 2);

WantedColumn Wanted() {
  WantedColumn wanted =
      WantedColumn::Named("c", arrow::struct_({arrow::field("value", arrow::binary(), false),
                                               arrow::field("metadata", arrow::binary(), false)}));
  wanted.is_variant = true;
  return wanted;
}

/// The first column of `file` as texts.
Result<Rows> Read(const ParquetFile& file) {
  const auto same = [](std::string_view a, std::string_view b) { return a == b; };
  SLUICE_ASSIGN_OR_RETURN(const ColumnPlan plan,
                          ColumnPlan::Make(file.schema->children.at(0), Wanted(), "c",
                                           ColumnPlanOptions{same, file.calendar}));
  Rows texts;
  SLUICE_RETURN_IF_ERROR(
      ReadRowGroup(file, 0, plan.leaves(), 1024, [&](const arrow::RecordBatch& batch) -> Status {
        SLUICE_ASSIGN_OR_RETURN(const ArrayPtr built, plan.Build(batch.column(0)));
        EXPECT_TRUE(built->ValidateFull().ok());
        const auto& variants = static_cast<const arrow::StructArray&>(*built);
        const auto& values = static_cast<const arrow::BinaryArray&>(*variants.field(0));
        const auto& metadata = static_cast<const arrow::BinaryArray&>(*variants.field(1));
        for (int64_t row = 0; row < built->length(); ++row) {
          texts.push_back(built->IsNull(row)
                              ? "NULL"
                              : TextOfVariant(values.GetView(row), metadata.GetView(row)));
        }
        return {};
      }));
  return texts;
}

NodePtr Metadata() { return Leaf("metadata", Repeat::REQUIRED, parquet::Type::BYTE_ARRAY); }
NodePtr Value() { return Leaf("value", Repeat::OPTIONAL, parquet::Type::BYTE_ARRAY); }
NodePtr Typed(parquet::Type::type type,
              std::shared_ptr<const LogicalType> note = LogicalType::None(), int length = -1) {
  return Leaf("typed_value", Repeat::OPTIONAL, type, std::move(note), length);
}
NodePtr Column(const NodeVector& children) { return Group("c", Repeat::REQUIRED, children); }
NodePtr Part(const std::string& name, const NodeVector& children) {
  return Group(name, Repeat::REQUIRED, children);
}

/// Values of an optional leaf without lists around it: NULL where `levels` is below the highest.
LeafData AtLevels(std::vector<int16_t> levels, std::vector<std::string> texts,
                  std::vector<int64_t> numbers = {}) {
  std::vector<int16_t> repetition(levels.size(), 0);
  return {std::move(levels), std::move(repetition), std::move(texts), std::move(numbers)};
}

size_t LeavesOf(const NodePtr& node) {
  if (node->is_primitive()) return 1;
  const auto& group = static_cast<const GroupNode&>(*node);
  size_t leaves = 0;
  for (int i = 0; i < group.field_count(); ++i) leaves += LeavesOf(group.field(i));
  return leaves;
}

/// A file without rows.
Result<Rows> ReadEmpty(const NodePtr& column) {
  return Read(WriteByHand({column}, std::vector<LeafData>(LeavesOf(column))));
}

/// One row of a column of one typed leaf.
Result<Rows> ReadOne(const NodePtr& typed, LeafData data) {
  return Read(WriteByHand({Column({Metadata(), typed})}, {Texts({kNoNames}), std::move(data)}));
}

TEST(ShreddedVariantTest, TypesOfTheFormat) {
  const auto number = [](int64_t value) { return AtLevels({1}, {}, {value}); };
  const auto text = [](const char* value) { return AtLevels({1}, {value}); };
  using parquet::Type;
  const auto nanos = LogicalType::TimeUnit::NANOS, micros = LogicalType::TimeUnit::MICROS;
  struct Case {
    NodePtr node;
    LeafData data;
    const char* expected;
  };
  for (const Case& one : std::vector<Case>{
           {Typed(Type::INT32), number(5), "3 05"},
           {Typed(Type::INT32, LogicalType::Int(8, true)), number(-5), "3 fb"},
           {Typed(Type::INT32, LogicalType::Int(16, true)), number(300), "4 2c 01"},
           {Typed(Type::INT64), number(300), "4 2c 01"},
           {Typed(Type::INT32, LogicalType::Decimal(5, 2)), number(100), "8 02 64 00 00 00"},
           {Typed(Type::FIXED_LEN_BYTE_ARRAY, LogicalType::Decimal(20, 19), 9),
            AtLevels({1}, {std::string("\0\0\0\0\0\0\0\0\x07", 9)}),
            "10 13 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"},
           {Typed(Type::INT32, LogicalType::Date()), number(1), "11 01 00 00 00"},
           {Typed(Type::INT64, LogicalType::Time(false, micros)), number(1),
            "17 01 00 00 00 00 00 00 00"},
           {Typed(Type::INT64, LogicalType::Timestamp(true, micros)), number(1),
            "12 01 00 00 00 00 00 00 00"},
           {Typed(Type::INT64, LogicalType::Timestamp(false, micros)), number(1),
            "13 01 00 00 00 00 00 00 00"},
           {Typed(Type::INT64, LogicalType::Timestamp(true, nanos)), number(1),
            "18 01 00 00 00 00 00 00 00"},
           {Typed(Type::INT64, LogicalType::Timestamp(false, nanos)), number(1),
            "19 01 00 00 00 00 00 00 00"},
           {Typed(Type::BYTE_ARRAY, LogicalType::String()), text("x"), "'x'"},
           {Typed(Type::BYTE_ARRAY), text("x"), "15 01 00 00 00 78"},
           {Typed(Type::FIXED_LEN_BYTE_ARRAY, LogicalType::UUID(), 16), text("0123456789abcdef"),
            "20 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66"}}) {
    const auto read = ReadOne(one.node, one.data);
    ASSERT_THAT(read, IsOk());
    EXPECT_THAT(*read, ElementsAre(one.expected));
  }
}

TEST(ShreddedVariantTest, OtherTypesAreRefusedByName) {
  using parquet::Type;
  const auto millis = LogicalType::TimeUnit::MILLIS, micros = LogicalType::TimeUnit::MICROS;
  for (const NodePtr& node :
       NodeVector{Typed(Type::INT32, LogicalType::Int(32, false)),
                  Typed(Type::INT64, LogicalType::Int(64, false)),
                  Typed(Type::FIXED_LEN_BYTE_ARRAY, LogicalType::None(), 4), Typed(Type::INT96),
                  Typed(Type::INT64, LogicalType::Timestamp(true, millis)),
                  Typed(Type::INT64, LogicalType::Time(true, micros)),
                  Typed(Type::BYTE_ARRAY, LogicalType::JSON())}) {
    const auto plan = ReadEmpty(Column({Metadata(), node}));
    EXPECT_THAT(plan, IsError(ErrorKind::kUnsupported)) << node->logical_type()->ToString();
    EXPECT_THAT(plan, HasMessage("column 'c.typed_value' is "));
    EXPECT_THAT(plan, HasMessage("which a shredded variant does not have"));
  }
}

TEST(ShreddedVariantTest, GroupsOfOtherShapesAreRefused) {
  using parquet::Type;
  // A node is in one group only.
  const auto typed = [] { return Typed(Type::INT64); };
  const auto two_levels =
      Group("typed_value", Repeat::OPTIONAL, {Group("list", Repeat::REPEATED, {Value(), typed()})},
            ConvertedType::LIST);
  const auto leaf_field =
      Group("typed_value", Repeat::OPTIONAL, {Leaf("a", Repeat::OPTIONAL, Type::INT64)});
  const auto metadata_inside =
      Group("typed_value", Repeat::OPTIONAL, {Part("a", {Metadata(), Value()})});
  for (const NodeVector& children : std::vector<NodeVector>{
           {Value(), typed()},
           {Metadata(), Leaf("typed_value", Repeat::REPEATED, Type::INT64)},
           {Metadata(), two_levels},
           {Metadata(), leaf_field},
           {Metadata(), metadata_inside},
           {Metadata(), typed(), Leaf("more", Repeat::OPTIONAL, Type::INT64)}}) {
    EXPECT_THAT(ReadEmpty(Column(children)), IsError(ErrorKind::kUnsupported));
  }
}

TEST(ShreddedVariantTest, ValueTypedValueBothMissingAndNull) {
  const NodePtr column =
      Group("c", Repeat::OPTIONAL, {Typed(parquet::Type::INT64), Value(), Metadata()});
  const auto read =
      Read(WriteByHand({column}, {AtLevels({2, 1, 1, 0}, {}, {34}), AtLevels({1, 2, 1, 0}, {kNull}),
                                  AtLevels({1, 1, 1, 0}, {kNoNames, kNoNames, kNoNames})}));
  ASSERT_THAT(read, IsOk());
  // A variant that is missing where one has to be is the variant null.
  EXPECT_THAT(*read, ElementsAre("3 22", "0", "0", "NULL"));
}

/// {a, b}: a is an integer or another value, b has no type of its own.
NodePtr ObjectColumn() {
  return Column({Metadata(), Value(),
                 Group("typed_value", Repeat::OPTIONAL,
                       {Part("a", {Value(), Typed(parquet::Type::INT64)}), Part("b", {Value()})})});
}

Result<Rows> ReadObject(const std::string& metadata, const LeafData& value, const LeafData& a,
                        const LeafData& a_typed, const LeafData& b) {
  return Read(WriteByHand({ObjectColumn()}, {Texts({metadata}), value, a, a_typed, b}));
}

TEST(ShreddedVariantTest, ObjectsWholeInPartsAndEmpty) {
  const LeafData none0 = AtLevels({0}, {}), none1 = AtLevels({1}, {});
  // {c: 5} of the names a, b, c
  const std::string rest("\x02\x01\x02\x00\x02\x0C\x05", 7);
  const std::string abc(
      "\x01\x03\x00\x01\x02\x03"
      "abc",
      9);
  EXPECT_EQ(ReadObject(kAB, none0, none1, AtLevels({2}, {}, {1}), AtLevels({2}, {kFive}))->at(0),
            "{a: 3 01, b: 3 05}");
  EXPECT_EQ(ReadObject(abc, AtLevels({1}, {rest}), AtLevels({2}, {kNull}), none1, none1)->at(0),
            "{a: 0, c: 3 05}");
  EXPECT_EQ(ReadObject(kAB, none0, none1, none1, none1)->at(0), "{}");
  EXPECT_EQ(ReadObject(kAB, AtLevels({1}, {kFive}), none0, none0, none0)->at(0), "3 05");
}

TEST(ShreddedVariantTest, ContradictionsAreRefused) {
  const LeafData none0 = AtLevels({0}, {}), none1 = AtLevels({1}, {});
  const std::string holds_a("\x02\x01\x00\x00\x02\x0C\x05", 7);
  const std::string holds_9("\x02\x01\x09\x00\x02\x0C\x05", 7);
  struct Case {
    Result<Rows> read;
    const char* message;
  };
  for (const Case& one : std::vector<Case>{
           {ReadObject(kAB, AtLevels({1}, {kFive}), none1, none1, none1),
            "column 'c': a variant that is not an object has typed fields"},
           {ReadObject(kAB, AtLevels({1}, {holds_a}), none1, none1, none1),
            "column 'c': a variant has field 'a' in its value, which has a column of its own"},
           {ReadObject(kAB, AtLevels({1}, {holds_9}), none1, none1, none1),
            "column 'c': a variant has a field named by number 9 of 2 names"},
           {ReadObject(kAB, none0, AtLevels({2}, {kFive}), AtLevels({2}, {}, {1}), none1),
            "column 'c.typed_value.a': a variant has a value beside a typed one"},
           {ReadObject("\x03", none0, none1, none1, none1), "column 'c': a variant's metadata"},
           {ReadObject(kAB, none0, AtLevels({2}, {""}), none1, none1),
            "column 'c.typed_value.a': a variant's value is empty"}}) {
    EXPECT_THAT(one.read, IsError(ErrorKind::kCorrupt));
    EXPECT_THAT(one.read, HasMessage(one.message));
    ASSERT_FALSE(one.read.has_value());
    EXPECT_THAT(one.read.error().remedy, ::testing::HasSubstr("exclude: [c]"));
  }
}

TEST(ShreddedVariantTest, ArraysOfElementsThatAreTypedOrNot) {
  const NodePtr column =
      Column({Metadata(), Group("typed_value", Repeat::OPTIONAL,
                                {Group("list", Repeat::REPEATED,
                                       {Part("element", {Value(), Typed(parquet::Type::INT64)})})},
                                ConvertedType::LIST)});
  // [1, null, missing], [], missing, [2]
  const LeafData value{{2, 3, 2, 1, 0, 2}, {0, 1, 1, 0, 0, 0}, {kNull}, {}};
  const LeafData typed{{3, 2, 2, 1, 0, 3}, {0, 1, 1, 0, 0, 0}, {}, {1, 2}};
  const auto read =
      Read(WriteByHand({column}, {Texts({kNoNames, kNoNames, kNoNames, kNoNames}), value, typed}));
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(*read, ElementsAre("[3 01, 0, 0]", "[]", "0", "[3 02]"));
}

TEST(ShreddedVariantTest, VariantsThatGrowManyTimesAreRefused) {
  // Each array holds the next ten times.
  std::string value(1, '\0');
  for (int i = 0; i < 12; ++i) {
    value = "\x03\x0A" + std::string(10, '\0') + static_cast<char>(value.size()) + value;
  }
  const NodePtr column = Column({Metadata(), Value(), Typed(parquet::Type::INT64)});
  const auto read =
      Read(WriteByHand({column}, {Texts({kNoNames}), AtLevels({1}, {value}), AtLevels({0}, {})}));
  EXPECT_THAT(read, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(read, HasMessage("column 'c': a variant of more than"));
}

}  // namespace
}  // namespace sluice::columnar
