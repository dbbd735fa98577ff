#include "sluice/delta/feed/change_source.h"

#include "sluice/delta/feed/feed_log_fixture.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;
using testing::IsOk;

constexpr const char* kProtocol =
    R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["rowTracking"]}})"
    "\n";

/// A table of one column that is partitioned by p.
std::string TableWith(const std::string& configuration) {
  return R"({"metaData":{"id":"t","format":{"provider":"parquet"},"schemaString":"{\"type\":)"
         R"(\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,)"
         R"(\"metadata\":{}},{\"name\":\"p\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}",)"
         R"("partitionColumns":["p"],"configuration":{)" +
         configuration + "}}}\n";
}

const std::string kTracked = TableWith(
    R"("delta.enableRowTracking":"true","delta.rowTracking.materializedRowIdColumnName":"_r",)"
    R"("delta.rowTracking.materializedRowCommitVersionColumnName":"_v")");
const std::string kFed = TableWith(R"("delta.enableChangeDataFeed":"true")");
const std::string kPlain = TableWith("");

std::string Ids(int64_t base) { return ",\"baseRowId\":" + std::to_string(base); }

class ChangeSourceTest : public FeedLogFixture {
 protected:
  Result<FeedRange> Survey(ChangesWanted wanted, int64_t last) {
    return SurveyFeed(log_, Latest(), Version{0}, Version{last}, {wanted});
  }
  /// "3 tracked" for each version that needs matching; its error where one cannot be read.
  Result<std::vector<std::string>> Matched(ChangesWanted wanted, int64_t last) {
    SLUICE_ASSIGN_OR_RETURN(const auto range, Survey(wanted, last));
    std::vector<std::string> seen;
    SLUICE_RETURN_IF_ERROR(VisitChanges(log_, range, [&](const CommitChanges& changes) -> Status {
      if (!changes.match) return {};
      seen.push_back(
          std::to_string(changes.version.value) +
          (changes.match->source == ChangeSource::kRowTracking ? " tracked" : " by rows"));
      return {};
    }));
    return seen;
  }
};

TEST_F(ChangeSourceTest, EachVersionIsReadAsItsPropertiesAllow) {
  Commit(0, kProtocol + kTracked + Add("a", Ids(0)));
  Commit(1, Remove("a", Ids(0)) + Add("b", Ids(10)));
  Commit(2, kFed);
  Commit(3, Remove("b", Ids(10)) + Add("c"));
  Commit(4, kPlain);
  Commit(5, Remove("c") + Add("d"));
  EXPECT_THAT(Matched(ChangesWanted::kRows, 5).value(), ElementsAre("1 tracked", "5 by rows"));
  const auto range = Survey(ChangesWanted::kAuto, 5);
  ASSERT_THAT(range, IsOk());
  EXPECT_EQ(range->last, Version{3});
  EXPECT_EQ(range->eras.front().hidden.row_id, "_r");
  EXPECT_THAT(range->cut->error.remedy, ::testing::HasSubstr("delta.enableRowTracking"));
  EXPECT_TRUE(Survey(ChangesWanted::kFeed, 5)->empty());
}

TEST_F(ChangeSourceTest, RowsThatARestoreBringsBackAreNoUpdates) {
  Commit(0, kProtocol + kTracked + Add("a", Ids(0)));
  Commit(1, R"({"commitInfo":{"operation":"RESTORE"}})"
            "\n" +
                Remove("a", Ids(0)) + Add("b", Ids(10)));
  EXPECT_THAT(Matched(ChangesWanted::kAuto, 1).value(), ElementsAre());
}

TEST_F(ChangeSourceTest, AFileWithoutRowIdsIsRefusedOrComparedByRows) {
  Commit(0, kProtocol + kTracked + Add("a", Ids(0)));
  Commit(1, Remove("a") + Add("b", Ids(10)));
  const auto refused = Matched(ChangesWanted::kAuto, 1);
  EXPECT_THAT(refused, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(refused, HasMessage("version 1"));
  EXPECT_THAT(refused, HasRemedy("changes: rows"));
  EXPECT_THAT(Matched(ChangesWanted::kRows, 1).value(), ElementsAre("1 by rows"));
}

TEST_F(ChangeSourceTest, APartitionColumnWithoutAValueInTheLogIsNull) {
  Commit(0, kProtocol + kFed + Add("a"));
  const auto range = Survey(ChangesWanted::kFeed, 0);
  ASSERT_THAT(range, IsOk());
  ASSERT_THAT(
      VisitChanges(
          log_, *range,
          [](const CommitChanges& changes) -> Status {
            EXPECT_EQ(changes.files.at(0).partition_values, (PartitionValues{{"p", std::nullopt}}));
            return {};
          }),
      IsOk());
}

TEST_F(ChangeSourceTest, EnabledIsWhereRowTrackingBeganOnlyWhereTheFeedIsOff) {
  Commit(0, kProtocol + kPlain);
  Commit(1, kTracked);
  EXPECT_EQ(FeedEnabledSince(log_, Latest(), ChangesWanted::kAuto).value(), Version{1});
  EXPECT_THAT(FeedEnabledSince(log_, Latest(), ChangesWanted::kFeed),
              IsError(ErrorKind::kSourceGone));
  Commit(2, kFed);
  EXPECT_EQ(FeedEnabledSince(log_, Latest(), ChangesWanted::kAuto).value(), Version{2});
}

TEST_F(ChangeSourceTest, ARangeOfItsOwnSchemaEndsWhereAColumnIsAdded) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 2);
  Commit(3, TableIs(true, {"id long", "word string"}));
  const FeedOptions options{ChangesWanted::kFeed, /*own_schema=*/true};
  const auto range = SurveyFeed(log_, Latest(), Version{0}, Version{3}, options);
  ASSERT_THAT(range, IsOk());
  EXPECT_EQ(range->last, Version{2});
  EXPECT_EQ(range->schema.fields.size(), 1U);
  EXPECT_FALSE(range->cut->loses_changes());
}

}  // namespace
}  // namespace sluice::delta
