#include "sluice/delta/feed/match_rows.h"

#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>
#include <gmock/gmock.h>

#include "sluice/delta/read/spark_rows_fixture.h"
#include "sluice/delta/write/data_file_writer.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::delta {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;
using Value = std::optional<int64_t>;

constexpr int64_t kVersion = 7;
const Field kId{"id", DataType{TypeId::kLong, 0, 0, {}}, true, "{}"};

std::shared_ptr<arrow::Array> Column(const std::vector<Value>& values) {
  arrow::Int64Builder builder;
  for (const Value& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

class MatchRowsTest : public ::testing::Test {
 protected:
  MatchRowsTest() {
    changes_.version = Version{kVersion};
    changes_.match = FeedEra{Version{0}, ChangeSource::kRowTracking, {"_row", "_version"}, {}};
    options_.row = {kId};
    options_.check = [] { return Status(); };
  }

  struct File {
    ChangeKind kind;
    std::vector<Value> id;
    std::vector<Value> row = {},
                       version = {};  ///< the hidden columns; without values: not in the file
    RowTrackingIds ids = {};
  };
  void Add(const File& file) {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    const auto add = [&](const char* name, const std::vector<Value>& values) {
      if (values.empty()) return;
      fields.push_back(arrow::field(name, arrow::int64()));
      columns.push_back(Column(values));
    };
    add("id", file.id);
    add("_row", file.row);
    add("_version", file.version);
    const auto table = arrow::Table::Make(arrow::schema(fields), columns);
    const auto written = WriteDataFile(*store_, *entropy_, *table, {}, {}, Timestamp{});
    ASSERT_THAT(written, IsOk());
    changes_.files.push_back({file.kind, written->path, {}, written->size, {}, file.ids, {}});
  }

  /// "insert 3" and the like, in order of their text.
  std::vector<std::string> Matched() {
    EXPECT_THAT(MatchRows(store_, options_, changes_), IsOk());
    std::vector<std::string> rows;
    for (const ChangeFile& file : changes_.files) {
      const auto data = OpenChangeFile(store_, changes_.version, {}, file, {kId}, TimeZone::Utc());
      EXPECT_THAT(data, IsOk());
      for (int group = 0; data && group < (*data)->num_row_groups(); ++group) {
        EXPECT_THAT((*data)->ReadRowGroup(group, 3,
                                          [&](const auto& batch) -> Status {
                                            for (int64_t i = 0; i < batch->num_rows(); ++i) {
                                              rows.push_back(Text(*batch, i));
                                            }
                                            return {};
                                          }),
                    IsOk());
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  static std::string Text(const arrow::RecordBatch& batch, int64_t row) {
    return Actual(*batch.column(1), row).get<std::string>() + " " +
           Actual(*batch.column(0), row).dump();
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
  std::shared_ptr<runtime::Entropy> entropy_ = runtime::SeededEntropy(1);
  MatchOptions options_;
  CommitChanges changes_;
};

TEST_F(MatchRowsTest, WhatOneVersionWroteLastOnBothSidesWasOnlyCopied) {
  // Rows 10 to 13 without hidden columns; then 11 with a new value, 12 copied, 13 gone, and a new one.
  Add({ChangeKind::kDelete, {0, 1, 2, 3}, {}, {}, {10, 5}});
  Add({ChangeKind::kInsert, {1, 2, 9}, {11, 12, {}}, {{}, 5, {}}, {50, kVersion}});
  EXPECT_THAT(Matched(), ElementsAre("delete 0", "delete 3", "insert 9", "update_postimage 1",
                                     "update_preimage 1"));
}

TEST_F(MatchRowsTest, ARowUpdatedToItsOwnValueIsAnUpdateAllTheSame) {
  Add({ChangeKind::kDelete, {4}, {}, {}, {10, 5}});
  Add({ChangeKind::kInsert, {4}, {10}, {}, {50, kVersion}});
  EXPECT_THAT(Matched(), ElementsAre("update_postimage 4", "update_preimage 4"));
}

TEST_F(MatchRowsTest, FilesOfCopiedRowsAloneAreLeftOut) {
  Add({ChangeKind::kDelete, {1, 2}, {}, {}, {10, 5}});
  Add({ChangeKind::kInsert, {2, 1}, {11, 10}, {5, 5}, {50, kVersion}});
  EXPECT_THAT(Matched(), IsEmpty());
  EXPECT_THAT(changes_.files, IsEmpty());
}

TEST_F(MatchRowsTest, ARemovedFileWithoutCommitVersionGoesByTheAddedOne) {
  Add({ChangeKind::kDelete, {1, 2}, {}, {}, {10, {}}});
  Add({ChangeKind::kInsert, {1, 2}, {10, 11}, {5, {}}, {50, kVersion}});
  EXPECT_THAT(Matched(), ElementsAre("update_postimage 2", "update_preimage 2"));
}

TEST_F(MatchRowsTest, ManyPassesFindWhatOneFinds) {
  std::vector<Value> ids, rows, versions;
  for (int64_t i = 0; i < 200; ++i) {
    ids.emplace_back(i);
    if (i % 3 == 0) continue;
    rows.emplace_back(1000 + i);
    versions.push_back(i % 3 == 1 ? Value(5) : Value());
  }
  Add({ChangeKind::kDelete, ids, {}, {}, {1000, 5}});
  Add({ChangeKind::kInsert, rows, rows, versions, {5000, kVersion}});
  const auto files = changes_.files;
  const auto in_one = Matched();
  EXPECT_EQ(in_one.size(), 67U + 66U + 66U);
  changes_.files = files;
  changes_.match = FeedEra{Version{0}, ChangeSource::kRowTracking, {"_row", "_version"}, {}};
  options_.memory_bytes = 2000;
  EXPECT_EQ(Matched(), in_one);
}

TEST_F(MatchRowsTest, WholeRowsCancelAsOftenAsTheyStandOnBothSides) {
  changes_.match->source = ChangeSource::kRows;
  Add({ChangeKind::kDelete, {1, 1, 2, {}, 3}});
  Add({ChangeKind::kDelete, {1}});
  Add({ChangeKind::kInsert, {1, {}, 2, 2, 4, 1}});
  EXPECT_THAT(Matched(), ElementsAre("delete 1", "delete 3", "insert 2", "insert 4"));
}

TEST_F(MatchRowsTest, TwoRemovedRowsOfOneIdAreCorrupt) {
  Add({ChangeKind::kDelete, {1, 2}, {10, 10}, {}, {10, 5}});
  Add({ChangeKind::kInsert, {1}, {10}, {}, {50, kVersion}});
  EXPECT_THAT(MatchRows(store_, options_, changes_),
              AllOf(IsError(ErrorKind::kCorrupt), HasMessage("row id 10")));
}

}  // namespace
}  // namespace sluice::delta
