#include "sluice/columnar/parquet_encoder.h"

#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

/// What stands in the files that leave us, read from their footers.
namespace sluice::columnar {
namespace {

using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;
using testing::IsOk;

class ParquetEncoderTest : public ::testing::Test {
 protected:
  /// The footer of a file with one column 'c' of `type`.
  std::shared_ptr<parquet::FileMetaData> Encode(
      const std::shared_ptr<arrow::DataType>& type, const std::string& json,
      const EncoderOptions& options = {},
      const std::shared_ptr<const arrow::KeyValueMetadata>& metadata = nullptr) {
    const auto schema = arrow::schema({arrow::field("c", type, true, metadata)}, metadata);
    const auto values = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
    auto upload = store_->StartUpload("f").value();
    auto encoder = ParquetEncoder::Open(upload.get(), schema, options);
    EXPECT_THAT(encoder, IsOk());
    EXPECT_THAT((*encoder)->WriteRowGroups(*arrow::Table::Make(schema, {values})), IsOk());
    EXPECT_THAT((*encoder)->Close(), IsOk());
    EXPECT_THAT(store_->CompleteUpload(upload->Finish().value()), IsOk());
    return parquet::ReadMetaData(std::make_shared<arrow::io::BufferReader>(
        arrow::Buffer::FromString(store_->Get("f").value())));
  }
  /// "physical type, logical type" of a file's only leaf.
  std::string TypeOf(const std::shared_ptr<arrow::DataType>& type,
                     const EncoderOptions& options = {}) {
    const auto footer = Encode(type, "[null]", options);
    const auto* leaf = footer->schema()->Column(0);
    return parquet::TypeToString(leaf->physical_type()) + ", " + leaf->logical_type()->ToString();
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
};

const auto kInstant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
const auto kLocal = arrow::timestamp(arrow::TimeUnit::MICRO);

TEST_F(ParquetEncoderTest, DecimalsAreIntegersWhereTheyFitAsInSpark) {
  EXPECT_THAT(TypeOf(arrow::decimal128(9, 2)), ::testing::StartsWith("INT32, Decimal"));
  EXPECT_THAT(TypeOf(arrow::decimal128(10, 2)), ::testing::StartsWith("INT64, Decimal"));
  EXPECT_THAT(TypeOf(arrow::decimal128(18, 0)), ::testing::StartsWith("INT64, Decimal"));
  EXPECT_THAT(TypeOf(arrow::decimal128(19, 0)),
              ::testing::StartsWith("FIXED_LEN_BYTE_ARRAY, Decimal"));
}

TEST_F(ParquetEncoderTest, TimestampsAreMicrosecondsAndKeepWhetherTheyAreInstants) {
  EXPECT_THAT(TypeOf(kInstant), ::testing::AllOf(::testing::StartsWith("INT64, Timestamp"),
                                                 ::testing::HasSubstr("isAdjustedToUTC=true"),
                                                 ::testing::HasSubstr("microseconds")));
  EXPECT_THAT(TypeOf(kLocal), ::testing::AllOf(::testing::StartsWith("INT64, Timestamp"),
                                               ::testing::HasSubstr("isAdjustedToUTC=false")));
}

TEST_F(ParquetEncoderTest, Int96IsForInstantsOnlyAtAnyDepth) {
  EncoderOptions options;
  options.int96_timestamps = true;
  EXPECT_THAT(TypeOf(kInstant, options), ::testing::StartsWith("INT96"));
  EXPECT_THAT(TypeOf(arrow::list(kInstant), options), ::testing::StartsWith("INT96"));
  EXPECT_THAT(TypeOf(kLocal, options), ::testing::StartsWith("INT64"));
}

TEST_F(ParquetEncoderTest, ListsHaveThreeLevels) {
  const auto footer = Encode(arrow::list(arrow::int64()), "[[1], [], null]");
  EXPECT_EQ(footer->schema()->Column(0)->path()->ToDotString(), "c.list.element");
}

TEST_F(ParquetEncoderTest, NothingButTheColumnsEntersTheFile) {
  const auto metadata = arrow::key_value_metadata(
      {"org.apache.spark.sql.parquet.row.metadata", "ARROW:schema", "PARQUET:field_id"},
      {"excluded_column", "excluded_column", "7"});
  const auto footer = Encode(arrow::int64(), "[1]", {}, metadata);
  EXPECT_TRUE(footer->key_value_metadata() == nullptr || footer->key_value_metadata()->size() == 0);
  EXPECT_EQ(footer->num_columns(), 1);
  EXPECT_EQ(store_->Get("f")->find("excluded_column"), std::string::npos);
  EXPECT_THAT(footer->created_by(), ::testing::StartsWith("sluice "));
}

TEST_F(ParquetEncoderTest, RowGroupsHoldNoMoreRowsThanAsked) {
  EncoderOptions options;
  options.row_group_rows = 2;
  const auto footer = Encode(arrow::int64(), "[1, 2, 3, 4, 5]", options);
  EXPECT_EQ(footer->num_row_groups(), 3);
  EXPECT_EQ(footer->num_rows(), 5);
}

TEST_F(ParquetEncoderTest, CodecIsTheOneAskedFor) {
  for (const auto& [codec, expected] : std::vector<std::pair<Codec, parquet::Compression::type>>{
           {Codec::kNone, parquet::Compression::UNCOMPRESSED},
           {Codec::kSnappy, parquet::Compression::SNAPPY},
           {Codec::kGzip, parquet::Compression::GZIP},
           {Codec::kLz4, parquet::Compression::LZ4},
           {Codec::kZstd, parquet::Compression::ZSTD}}) {
    EncoderOptions options;
    options.codec = codec;
    EXPECT_EQ(Encode(arrow::int64(), "[1]", options)->RowGroup(0)->ColumnChunk(0)->compression(),
              expected);
  }
}

TEST_F(ParquetEncoderTest, GzipIsNotAtItsSlowestLevel) {
  EncoderOptions options;
  options.codec = Codec::kGzip;
  Encode(arrow::int64(), "[1]", options);
  const std::string file = store_->Get("f").value();
  const size_t header = file.find("\x1f\x8b\x08");
  ASSERT_NE(header, std::string::npos);
  constexpr size_t kExtraFlags = 8;  // RFC 1952: 2 for the slowest level, 4 for the fastest
  EXPECT_EQ(file[header + kExtraFlags], 0);
}

TEST(CheckEncodableTest, WhatParquetCantHoldIsNamed) {
  const auto schema =
      arrow::schema({arrow::field("a", arrow::struct_({arrow::field("b", arrow::struct_({}))}))});
  EXPECT_THAT(CheckEncodable(*schema), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(CheckEncodable(*schema), HasMessage("'a.b'"));
  EXPECT_THAT(CheckEncodable(*schema), HasRemedy("exclude: [a]"));
}

}  // namespace
}  // namespace sluice::columnar
