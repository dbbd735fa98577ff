#include "sluice/delta/write/data_file_writer.h"

#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sluice/delta/read/data_file.h"
#include "sluice/testing/faulty_store.h"
#include "sluice/testing/memory_store.h"

namespace sluice::delta {
namespace {

constexpr Timestamp kNow{1'767'225'600'123'456};

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Column(Builder builder,
                                     const std::vector<std::optional<Value>>& values) {
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Texts(const std::vector<std::optional<std::string>>& values) {
  return Column<arrow::StringBuilder, std::string>(arrow::StringBuilder(), values);
}

std::shared_ptr<arrow::Array> Times(const std::vector<std::optional<int64_t>>& values) {
  return Column<arrow::TimestampBuilder, int64_t>(
      arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                              arrow::default_memory_pool()),
      values);
}

std::shared_ptr<arrow::Table> TableOf(const std::string& name,
                                      std::shared_ptr<arrow::Array> column) {
  return arrow::Table::Make(arrow::schema({arrow::field(name, column->type())}), {column});
}

nlohmann::json Stats(const std::string& name, std::shared_ptr<arrow::Array> column) {
  return nlohmann::json::parse(StatisticsJson(*TableOf(name, std::move(column)), 1));
}

TEST(StatisticsJson, StringsAndNulls) {
  const auto stats = Stats("s", Texts({"b", std::nullopt, "ä", "a"}));
  EXPECT_EQ(stats["numRecords"], 4);
  EXPECT_EQ(stats["minValues"]["s"], "a");
  EXPECT_EQ(stats["maxValues"]["s"], "ä") << "by bytes, as Spark compares";
  EXPECT_EQ(stats["nullCount"]["s"], 1);
}

TEST(StatisticsJson, TimestampsAreCutToMilliseconds) {
  const auto stats = Stats("t", Times({1'767'225'600'123'999, -1}));
  EXPECT_EQ(stats["minValues"]["t"], "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(stats["maxValues"]["t"], "2026-01-01T00:00:00.123Z");
  EXPECT_EQ(Stats("t", Times({0}))["minValues"]["t"], "1970-01-01T00:00:00.000Z");
}

TEST(StatisticsJson, AllNullColumnHasNoBounds) {
  const auto stats = Stats("t", Times({std::nullopt, std::nullopt}));
  EXPECT_FALSE(stats["minValues"].contains("t"));
  EXPECT_EQ(stats["nullCount"]["t"], 2);
}

TEST(StatisticsJson, TimesBeyondFourDigitYearsHaveNoBounds) {
  EXPECT_FALSE(Stats("t", Times({9'000'000'000'000'000'000}))["maxValues"].contains("t"));
}

TEST(StatisticsJson, LongStringsHaveNoBounds) {
  EXPECT_FALSE(Stats("s", Texts({std::string(5000, 'x')}))["maxValues"].contains("s"));
}

TEST(StatisticsJson, NestedColumnsHaveNone) {
  const auto list = arrow::MakeArrayOfNull(arrow::list(arrow::utf8()), 2).ValueOrDie();
  EXPECT_FALSE(Stats("l", list)["nullCount"].contains("l"));
}

TEST(WriteDataFile, AddNamesACompleteFileThatReadsBack) {
  const auto store = testing::MakeMemoryStore();
  const auto entropy = runtime::SeededEntropy(1);
  const auto rows = TableOf("s", Texts({"a", "b"}));
  const auto add = WriteDataFile(*store, *entropy, *rows, {}, {{"p", "x"}}, kNow);
  ASSERT_TRUE(add) << add.error().message;
  EXPECT_TRUE(IsOwnDataFileName(add->path));
  EXPECT_EQ(add->size, store->Head(add->path)->size);
  EXPECT_EQ(add->modification_time, kNow.micros / 1000);
  EXPECT_TRUE(add->data_change);
  const auto again = WriteDataFile(*store, *entropy, *rows, {}, {{"p", "x"}}, kNow);
  EXPECT_NE(again->path, add->path);

  const Projection projection{{Field{"s", DataType{TypeId::kString, 0, 0, {}}, true, "{}"},
                               Field{"p", DataType{TypeId::kString, 0, 0, {}}, true, "{}"}},
                              {"p"}};
  const auto file = DataFile::Open(store, add->path, add->partition_values, {}, projection);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ((*file)->num_rows(), 2);
}

TEST(WriteDataFile, FailureLeavesNothingBehind) {
  const auto memory = testing::MakeMemoryStore();
  const auto entropy = runtime::SeededEntropy(1);
  const auto rows = TableOf("s", Texts({"a"}));
  for (const std::string_view broken : {"Append", "Finish", "CompleteUpload"}) {
    testing::FaultyStore store(memory, [&](int, std::string_view operation, const store::Key&) {
      return operation == broken ? testing::Fault::kFailBefore : testing::Fault::kNone;
    });
    EXPECT_FALSE(WriteDataFile(store, *entropy, *rows, {}, {}, kNow)) << broken;
    EXPECT_TRUE(store::ListAll(*memory, "")->empty());
    int uploads = 0;
    ASSERT_TRUE(memory->ListUploads("", [&](const auto&) { return ++uploads > 0; }));
    EXPECT_EQ(uploads, 0) << broken;
  }
}

TEST(WriteDataFile, AnUploadThatTheStoreLostIsMadeAgainUnderAnotherName) {
  const auto memory = testing::MakeMemoryStore();
  const auto entropy = runtime::SeededEntropy(1);
  int completions = 0;
  testing::FaultyStore store(memory, [&](int, std::string_view operation, const store::Key& key) {
    if (operation != "CompleteUpload" || ++completions > 1) return testing::Fault::kNone;
    EXPECT_TRUE(memory->ListUploads("", [&](const auto& upload) {
      EXPECT_TRUE(memory->AbortUpload(key, upload.upload_id));
      return true;
    }));
    return testing::Fault::kNone;
  });
  const auto add = WriteDataFile(store, *entropy, *TableOf("s", Texts({"a"})), {}, {}, kNow);
  ASSERT_TRUE(add) << add.error().message;
  EXPECT_EQ(completions, 2);
  EXPECT_EQ(memory->Head(add->path)->size, add->size);
}

TEST(IsOwnDataFileName, TellsOthersFilesApart) {
  EXPECT_TRUE(
      IsOwnDataFileName("part-00000-5b49f1a1-247d-40df-b402-09a71e8e295a.sluice.snappy.parquet"));
  for (const char* name : {"part-00000-5b49f1a1-247d-40df-b402-09a71e8e295a-c000.snappy.parquet",
                           "a/part-00000-5b49f1a1-247d-40df-b402-09a71e8e295.sluice.snappy.parquet",
                           "part-00000-x.sluice.snappy.parquet", ""}) {
    EXPECT_FALSE(IsOwnDataFileName(name)) << name;
  }
}

}  // namespace
}  // namespace sluice::delta
