#pragma once

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/schema.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sluice/columnar/column_plan.h"
#include "sluice/columnar/row_group_reader.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

/// Parquet files with schemas that our own writer never makes, value by value.
namespace sluice::columnar {

using TypePtr = std::shared_ptr<arrow::DataType>;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using parquet::ConvertedType;
using parquet::LogicalType;
using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::NodeVector;
using parquet::schema::PrimitiveNode;
using Repeat = parquet::Repetition;

/// What one leaf stores: a level pair for each value or gap, and the values.
struct LeafData {
  std::vector<int16_t> definition, repetition;
  std::vector<std::string> texts;  ///< of a binary leaf, fixed-length ones included
  std::vector<int64_t> numbers;    ///< of any other
};

/// Values of a required leaf.
inline LeafData Numbers(std::vector<int64_t> numbers) {
  LeafData leaf;
  leaf.definition.assign(numbers.size(), 0);
  leaf.repetition.assign(numbers.size(), 0);
  leaf.numbers = std::move(numbers);
  return leaf;
}

inline LeafData Texts(std::vector<std::string> texts) {
  LeafData leaf;
  leaf.definition.assign(texts.size(), 0);
  leaf.repetition.assign(texts.size(), 0);
  leaf.texts = std::move(texts);
  return leaf;
}

inline NodePtr Group(const std::string& name, Repeat::type repetition, const NodeVector& children,
                     ConvertedType::type type = ConvertedType::NONE) {
  return GroupNode::Make(name, repetition, children, type);
}

inline NodePtr Leaf(const std::string& name, Repeat::type repetition, parquet::Type::type type,
                    std::shared_ptr<const LogicalType> note = LogicalType::None(),
                    int length = -1) {
  return PrimitiveNode::Make(name, repetition, std::move(note), type, length);
}

template <typename Writer, typename Value>
void WriteLeaf(parquet::ColumnWriter& column, const LeafData& leaf,
               const std::vector<Value>& values) {
  static_cast<Writer&>(column).WriteBatch(static_cast<int64_t>(leaf.definition.size()),
                                          leaf.definition.data(), leaf.repetition.data(),
                                          values.data());
}

inline void WriteLeaf(parquet::ColumnWriter& column, const LeafData& leaf) {
  std::vector<parquet::ByteArray> bytes;
  std::vector<parquet::FixedLenByteArray> fixed;
  for (const std::string& text : leaf.texts) {
    const auto* data = reinterpret_cast<const uint8_t*>(text.data());
    bytes.emplace_back(static_cast<uint32_t>(text.size()), data);
    fixed.emplace_back(data);
  }
  const std::vector<int32_t> ints(leaf.numbers.begin(), leaf.numbers.end());
  switch (column.type()) {
    case parquet::Type::BYTE_ARRAY:
      return WriteLeaf<parquet::ByteArrayWriter>(column, leaf, bytes);
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return WriteLeaf<parquet::FixedLenByteArrayWriter>(column, leaf, fixed);
    case parquet::Type::INT32:
      return WriteLeaf<parquet::Int32Writer>(column, leaf, ints);
    default:
      return WriteLeaf<parquet::Int64Writer>(column, leaf, leaf.numbers);
  }
}

/// A file of one row group with the columns `columns`; `leaves` has the data of each leaf in order.
inline std::string BytesByHand(const NodeVector& columns, const std::vector<LeafData>& leaves,
                               const std::map<std::string, std::string>& key_values = {}) {
  const auto root =
      std::static_pointer_cast<GroupNode>(GroupNode::Make("schema", Repeat::REQUIRED, columns));
  const auto sink = *arrow::io::BufferOutputStream::Create();
  auto notes = std::make_shared<arrow::KeyValueMetadata>();
  for (const auto& [key, value] : key_values) notes->Append(key, value);
  auto writer = parquet::ParquetFileWriter::Open(sink, root, parquet::default_writer_properties(),
                                                 std::move(notes));
  parquet::RowGroupWriter* group = writer->AppendRowGroup();
  for (const LeafData& leaf : leaves) WriteLeaf(*group->NextColumn(), leaf);
  writer->Close();
  return (*sink->Finish())->ToString();
}

/// The same, opened.
inline ParquetFile WriteByHand(const NodeVector& columns, const std::vector<LeafData>& leaves,
                               const std::map<std::string, std::string>& key_values = {}) {
  const auto store = testing::MakeMemoryStore();
  EXPECT_THAT(store->Put("f", BytesByHand(columns, leaves, key_values)), testing::IsOk());
  auto file = OpenParquet(*store, "f");
  EXPECT_THAT(file, testing::IsOk());
  return file.value_or(ParquetFile());
}

/// The file's first column as `wanted`, in batches of at most `limit`.
inline Result<ArrayPtr> ReadFirst(const ParquetFile& file, const TypePtr& wanted,
                                  const BatchLimit& limit = {1024}) {
  const auto same = [](std::string_view a, std::string_view b) { return a == b; };
  SLUICE_ASSIGN_OR_RETURN(
      const ColumnPlan plan,
      ColumnPlan::Make(file.schema->children.at(0), WantedColumn::Named("c", wanted), "c",
                       ColumnPlanOptions{same, file.calendar}));
  arrow::ArrayVector arrays;
  SLUICE_RETURN_IF_ERROR(
      ReadRowGroup(file, 0, plan.leaves(), limit, [&](const arrow::RecordBatch& batch) -> Status {
        SLUICE_ASSIGN_OR_RETURN(auto built, plan.Build(batch.column(0)));
        EXPECT_TRUE(built->Validate().ok());
        arrays.push_back(std::move(built));
        return {};
      }));
  return *arrow::Concatenate(arrays);
}

/// Expects `read` to be the values of `json`.
inline void ExpectValues(const Result<ArrayPtr>& read, const TypePtr& type,
                         const std::string& json) {
  ASSERT_THAT(read, testing::IsOk());
  const ArrayPtr expected = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  EXPECT_TRUE((*read)->Equals(expected)) << (*read)->ToString();
}

}  // namespace sluice::columnar
