#include "sluice/columnar/parquet_footer.h"

#include <cstring>
#include <random>

#include "sluice/columnar/parquet_by_hand_fixture.h"

namespace sluice::columnar {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

NodeVector Columns() {
  return {Leaf("i", Repeat::REQUIRED, parquet::Type::INT32, LogicalType::Int(8, false)),
          Leaf("t", Repeat::OPTIONAL, parquet::Type::INT64,
               LogicalType::Timestamp(false, LogicalType::TimeUnit::MILLIS)),
          PrimitiveNode::Make("d", Repeat::OPTIONAL, parquet::Type::BYTE_ARRAY,
                              ConvertedType::DECIMAL, -1, 12, 3),
          Group("l", Repeat::OPTIONAL,
                {Group("list", Repeat::REPEATED,
                       {Leaf("element", Repeat::OPTIONAL, parquet::Type::BYTE_ARRAY,
                             LogicalType::String())})},
                ConvertedType::LIST)};
}

/// The footer of a file without rows.
std::string Footer() {
  const auto root =
      std::static_pointer_cast<GroupNode>(GroupNode::Make("schema", Repeat::REQUIRED, Columns()));
  const auto sink = *arrow::io::BufferOutputStream::Create();
  parquet::ParquetFileWriter::Open(
      sink, root, parquet::default_writer_properties(),
      arrow::key_value_metadata({"a", "ARROW:schema"}, {"b", std::string(1'000, 'x')}))
      ->Close();
  const std::string file = (*sink->Finish())->ToString();
  uint32_t length = 0;
  std::memcpy(&length, file.data() + file.size() - 8, sizeof length);
  return file.substr(file.size() - 8 - length, length);
}

TEST(ParquetFooterTest, AnnotationsAreKeptApart) {
  const auto footer = ParseParquetFooter(Footer());
  ASSERT_THAT(footer, IsOk());
  std::vector<std::string> types;
  for (const SchemaNode& node : footer->root.children) types.push_back(node.ToString());
  EXPECT_THAT(types, ::testing::ElementsAre("int32 (unsigned 8 bits)",
                                            "int64 (local timestamp in milliseconds)",
                                            "binary (decimal(12, 3))", "a group (list)"));
  EXPECT_EQ(footer->root.children[3].children[0].children[0].first_leaf, 3);
  EXPECT_EQ(footer->key_values.at("a"), "b");
}

TEST(ParquetFooterTest, OnlyAWholeFooterSaysThatItsFileIsEncrypted) {
  const auto with = [](std::string_view field) {
    std::string footer = Footer();
    footer.pop_back();  // the end of the struct
    footer += field;
    footer += '\0';
    return footer;
  };
  constexpr std::string_view kStructEight("\x0c\x10\0", 3), kNumberEight("\x05\x10\x02", 3);
  EXPECT_THAT(ParseParquetFooter(with(kStructEight)), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(ParseParquetFooter(with(kStructEight)), HasMessage("encrypted"));
  EXPECT_THAT(ParseParquetFooter(with(kNumberEight)), IsOk());
  std::string damaged = with(kStructEight);
  damaged.erase(3, 9);
  EXPECT_THAT(ParseParquetFooter(damaged), IsError(ErrorKind::kCorrupt));
}

TEST(ParquetFooterTest, PlainFooterHasColumnsAndNothingElse) {
  const std::string plain = ParseParquetFooter(Footer()).value().plain;
  const auto metadata =
      parquet::FileMetaData::Make(plain.data(), static_cast<int64_t>(plain.size()));
  EXPECT_EQ(metadata->num_columns(), 4);
  EXPECT_EQ(metadata->key_value_metadata(), nullptr);
  for (int i = 0; i < metadata->num_columns(); ++i) {
    EXPECT_TRUE(metadata->schema()->Column(i)->logical_type()->is_none()) << i;
  }
}

TEST(ParquetFooterTest, CutOffFooterIsCorrupt) {
  const std::string footer = Footer();
  for (size_t size = 0; size < footer.size(); ++size) {
    EXPECT_THAT(ParseParquetFooter(footer.substr(0, size)), IsError(ErrorKind::kCorrupt)) << size;
  }
}

TEST(ParquetFooterTest, NoDamageCrashes) {
  const std::string footer = Footer();
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = footer;
    for (int flips = 0; flips < 3; ++flips) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto parsed = ParseParquetFooter(damaged);
    if (parsed) parsed->root.ToString();
  }
}

TEST(ParquetFooterTest, DeepSchemaIsCorrupt) {
  // FileMetaData{2: list of 200 groups with one child each}
  std::string deep("\x29\xFC\xC8\x01", 4);
  for (int i = 0; i < 200; ++i) deep += std::string("\x48\x01g\x15\x02\x00", 6);
  deep += '\0';
  EXPECT_THAT(ParseParquetFooter(deep), HasMessage("nested deeper than 64 levels"));
}

TEST(ParquetFooterTest, MoreColumnsThanAnyTableHasAreRefused) {
  // FileMetaData{2: list of 300,000 elements without anything}
  std::string many("\x29\xFC\xE0\xA7\x12", 5);
  many.append(300'001, '\0');
  EXPECT_THAT(ParseParquetFooter(many), HasMessage("more than 200000 columns"));
}

TEST(ParquetFooterTest, RowGroupWithoutItsColumnsIsCorrupt) {
  // FileMetaData{2: [group of one child, int32], 4: [{1: []}]}
  const std::string footer(
      "\x29\x2C\x48\x01r\x15\x02\x00\x15\x02\x25\x00\x18\x01"
      "c\x00\x29\x1C\x19\x0C\x00\x00",
      22);
  EXPECT_THAT(ParseParquetFooter(footer), HasMessage("of each row group what its 1 columns are"));
}

TEST(ParquetFooterTest, FieldIdsBeyondAllNumbersAreCorrupt) {
  // A field of the id 2147483647, and one more by 1.
  EXPECT_THAT(ParseParquetFooter(std::string("\x05\xFE\xFF\xFF\xFF\x0F\x00\x15\x00\x00", 10)),
              IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::columnar
