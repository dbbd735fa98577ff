#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>
#include <gmock/gmock.h>

#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/read/spark_rows_fixture.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/write/data_file_writer.h"
#include "sluice/store/local/local_store.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::delta {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

constexpr Timestamp kCommitted{1'767'225'600'123'000};  // 2026-01-01T00:00:00.123Z

Result<std::vector<std::string>> Rows(const DataFile& file, bool with_timestamp = true) {
  std::vector<std::string> rows;
  for (int i = 0; i < file.num_row_groups(); ++i) {
    // Three rows a batch, so that masks meet every offset.
    SLUICE_RETURN_IF_ERROR(file.ReadRowGroup(i, 3, [&](const auto& batch) -> Status {
      EXPECT_TRUE(batch->schema()->Equals(*file.schema()));
      const int last = batch->num_columns() - 1;
      RenderRows(with_timestamp ? *batch : *batch->RemoveColumn(last).ValueOrDie(), rows);
      return {};
    }));
  }
  return rows;
}

// "changes-v3-8.jsonl" of one fixture.
struct Told {
  std::string fixture;
  fs::path file;
  Version first, last;
};

std::vector<Told> ToldBySpark() {
  std::vector<Told> told;
  for (const auto& folder : fs::directory_iterator(kFixtures)) {
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      int64_t first = 0, last = 0;
      if (sscanf(name.c_str(), "changes-v%ld-%ld.jsonl", &first, &last) != 2) continue;
      told.push_back(
          {folder.path().filename().string(), entry.path(), Version{first}, Version{last}});
    }
  }
  return told;
}

class ToldChangesTest : public ::testing::TestWithParam<Told> {};

TEST_P(ToldChangesTest, ARangeHasTheRowsThatSparkTells) {
  const auto store =
      store::OpenLocalStore((fs::canonical(kFixtures) / GetParam().fixture / "table").string());
  const Log log(store);
  const auto source = LoadSnapshot(log, {});
  ASSERT_THAT(source, IsOk());
  const auto range = SurveyFeed(log, *source, GetParam().first, GetParam().last);
  ASSERT_THAT(range, IsOk());
  EXPECT_FALSE(range->cut);

  TableSchema schema{WithFeedColumns(range->schema.fields)};
  const bool timed = source->metadata.configuration.contains("delta.enableInCommitTimestamps");
  if (!timed) schema.fields.pop_back();
  std::vector<std::string> actual;
  const auto read = [&](const CommitChanges& changes) -> Status {
    for (const ChangeFile& file : changes.files) {
      SLUICE_ASSIGN_OR_RETURN(const auto data,
                              OpenChangeFile(store, changes.version, changes.committed, file,
                                             range->schema.fields, TimeZone::Utc()));
      SLUICE_ASSIGN_OR_RETURN(const auto rows, Rows(*data, timed));
      actual.insert(actual.end(), rows.begin(), rows.end());
    }
    return {};
  };
  ASSERT_THAT(VisitChanges(log, *range, read), IsOk());
  std::sort(actual.begin(), actual.end());
  EXPECT_EQ(actual, ExpectedRows(GetParam().file, schema));
}

INSTANTIATE_TEST_SUITE_P(Fixtures, ToldChangesTest, ::testing::ValuesIn(ToldBySpark()),
                         [](const auto& told) {
                           return told.param.fixture + "_" +
                                  std::to_string(told.param.first.value) + "_" +
                                  std::to_string(told.param.last.value);
                         });

class ChangeFileTest : public ::testing::Test {
 protected:
  // A data file with the columns id and _change_type.
  ChangeFile Write(ChangeKind kind, const std::vector<std::string>& words) {
    arrow::Int64Builder ids;
    arrow::StringBuilder types;
    for (size_t i = 0; i < words.size(); ++i) {
      EXPECT_TRUE(ids.Append(static_cast<int64_t>(i)).ok());
      EXPECT_TRUE((words[i].empty() ? types.AppendNull() : types.Append(words[i])).ok());
    }
    const auto table =
        arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64()),
                                          arrow::field("_change_type", arrow::utf8())}),
                           {ids.Finish().ValueOrDie(), types.Finish().ValueOrDie()});
    const auto add = WriteDataFile(*store_, *entropy_, *table, {}, {}, kCommitted);
    EXPECT_THAT(add, IsOk());
    return ChangeFile{kind, add->path, {}, add->size, {}, {}, {}};
  }

  Result<std::vector<std::string>> Read(const ChangeFile& file) { return Read(file, {kId}); }
  Result<std::vector<std::string>> Read(const ChangeFile& file, const std::vector<Field>& fields) {
    SLUICE_ASSIGN_OR_RETURN(const auto data, OpenChangeFile(store_, Version{7}, kCommitted, file,
                                                            fields, TimeZone::Utc()));
    return Rows(*data);
  }

  static std::string Row(const std::string& id, const std::string& type) {
    return R"({"_change_type":")" + type +
           R"(","_commit_timestamp":"2026-01-01T00:00:00.123000Z","_commit_version":7)" +
           (id.empty() ? "" : ",\"id\":" + id) + "}";
  }

  const Field kId{"id", DataType{TypeId::kLong, 0, 0, {}}, true, "{}"};
  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
  std::shared_ptr<runtime::Entropy> entropy_ = runtime::SeededEntropy(1);
};

TEST_F(ChangeFileTest, AStrayChangeTypeInADataFileIsNeverLookedAt) {
  const std::vector<std::string> kWords = {"stray", ""};
  EXPECT_THAT(Read(Write(ChangeKind::kInsert, kWords)).value(),
              ElementsAre(Row("0", "insert"), Row("1", "insert")));
  EXPECT_THAT(Read(Write(ChangeKind::kDelete, kWords)).value(),
              ElementsAre(Row("0", "delete"), Row("1", "delete")));
}

TEST_F(ChangeFileTest, AChangeDataFileSaysTheTypeRowByRow) {
  EXPECT_THAT(Read(Write(ChangeKind::kInFile, {"update_preimage", "update_postimage"})).value(),
              ElementsAre(Row("0", "update_preimage"), Row("1", "update_postimage")));
}

TEST_F(ChangeFileTest, ChangesWithoutAKnownTypeAreCorrupt) {
  EXPECT_THAT(Read(Write(ChangeKind::kInFile, {"upsert"})),
              HasMessage("unknown change type 'upsert'"));
  EXPECT_THAT(Read(Write(ChangeKind::kInFile, {"insert", ""})), IsError(ErrorKind::kCorrupt));
}

TEST_F(ChangeFileTest, TheFeedsOwnColumnsStandAloneWhereNoOtherIsWanted) {
  EXPECT_THAT(Read(Write(ChangeKind::kDelete, {"x", "x"}), {}).value(),
              ElementsAre(Row("", "delete"), Row("", "delete")));
}

TEST_F(ChangeFileTest, PartitionValuesComeFromTheActionEvenWhereTheFileHasSuchAColumn) {
  ChangeFile file = Write(ChangeKind::kInsert, {"x"});
  file.partition_values = {{"id", "42"}};
  EXPECT_THAT(Read(file).value(), ElementsAre(Row("42", "insert")));
}

TEST_F(ChangeFileTest, AVacuumedFileNamesTheVersionAndTheWayOut) {
  const ChangeFile file{ChangeKind::kInFile, "_change_data/cdc-1.parquet", {}, 9, {}, {}, {}};
  const auto rows = Read(file);
  EXPECT_THAT(rows, IsError(ErrorKind::kSourceGone));
  EXPECT_THAT(rows, HasMessage("version 7"));
  EXPECT_THAT(rows, HasMessage("_change_data/cdc-1.parquet"));
  EXPECT_THAT(rows.error().remedy, HasSubstr(kStartAgain));
}

}  // namespace
}  // namespace sluice::delta
