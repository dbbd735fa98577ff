#include "sluice/columnar/parquet_by_hand_fixture.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/load_snapshot.h"

/// Checkpoints whose Parquet is laid out as other writers do it.
namespace sluice::delta {
namespace {

using columnar::Group;
using columnar::Leaf;
using columnar::LeafData;
using columnar::Repeat;
using testing::IsOk;

constexpr auto kBytes = parquet::Type::BYTE_ARRAY;

/// A leaf of three rows that is there in row `row` only, with the definition level `level`.
LeafData Only(size_t row, int16_t level, LeafData leaf) {
  leaf.definition = {0, 0, 0};
  leaf.definition[row] = level;
  leaf.repetition = {0, 0, 0};
  return leaf;
}

/// Rows: a protocol, the metadata, one file of the partition p = 7; the parts of maps have these names.
std::string Checkpoint(const std::string& entries, const std::string& key,
                       const std::string& value) {
  const auto partition_values =
      Group("partitionValues", Repeat::OPTIONAL,
            {Group(entries, Repeat::REPEATED,
                   {Leaf(key, Repeat::REQUIRED, kBytes), Leaf(value, Repeat::OPTIONAL, kBytes)})},
            parquet::ConvertedType::MAP);
  const columnar::NodeVector columns = {
      Group("protocol", Repeat::OPTIONAL,
            {Leaf("minReaderVersion", Repeat::REQUIRED, parquet::Type::INT32),
             Leaf("minWriterVersion", Repeat::REQUIRED, parquet::Type::INT32)}),
      Group("metaData", Repeat::OPTIONAL,
            {Leaf("id", Repeat::REQUIRED, kBytes), Leaf("schemaString", Repeat::REQUIRED, kBytes)}),
      Group("add", Repeat::OPTIONAL,
            {Leaf("path", Repeat::REQUIRED, kBytes), partition_values,
             Leaf("size", Repeat::REQUIRED, parquet::Type::INT64)})};
  const std::string schema =
      R"({"type":"struct","fields":[{"name":"p","type":"long","nullable":true,"metadata":{}}]})";
  return columnar::BytesByHand(
      columns, {Only(0, 1, columnar::Numbers({1})), Only(0, 1, columnar::Numbers({2})),
                Only(1, 1, columnar::Texts({"i"})), Only(1, 1, columnar::Texts({schema})),
                Only(2, 1, columnar::Texts({"a.parquet"})), Only(2, 3, columnar::Texts({"p"})),
                Only(2, 4, columnar::Texts({"7"})), Only(2, 1, columnar::Numbers({10}))});
}

TEST(CheckpointLayoutsTest, PartitionValuesAreKnownByPosition) {
  for (const auto& [entries, key, value] :
       {std::tuple("key_value", "key", "value"), std::tuple("entries", "keys", "values"),
        std::tuple("map", "k", "item")}) {
    const auto store = testing::MakeMemoryStore();
    ASSERT_THAT(store->Put("_delta_log/00000000000000000001.checkpoint.parquet",
                           Checkpoint(entries, key, value)),
                IsOk());
    ASSERT_THAT(store->Put(CommitKey(Version{1}), "{\"commitInfo\":{}}\n"), IsOk());
    const auto snapshot = LoadSnapshot(Log(store), {});
    ASSERT_THAT(snapshot, IsOk());
    ASSERT_EQ(snapshot->files.size(), 1U);
    EXPECT_EQ(snapshot->files[0].partition_values.at("p"), "7") << entries;
  }
}

}  // namespace
}  // namespace sluice::delta
