#include "sluice/delta/feed/feed_log_fixture.h"
#include "sluice/delta/write/checkpoint_writer.h"

namespace sluice::delta {
namespace {

using testing::HasMessage;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

// "1..7", "3..2 cut 3 resume 6"
std::string Describe(const Result<FeedRange>& range) {
  if (!range) return range.error().message;
  std::string text = std::to_string(range->first.value) + ".." + std::to_string(range->last.value);
  if (!range->cut) return text;
  text += " cut " + std::to_string(range->cut->at.value);
  const auto& resume = range->cut->resume;
  return text + (resume ? " resume " + std::to_string(resume->value) : std::string(" for good"));
}

std::vector<std::string> Names(const TableSchema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields) names.push_back(field.name);
  return names;
}

class SurveyFeedTest : public FeedLogFixture {
 protected:
  // The feed is on from version 2 to 4 and from 7 on; version 9 is the latest.
  void FeedOffForAWhile() {
    Commit(0, ProtocolIs() + TableIs(false));
    Append(1, 9);
    Commit(2, TableIs(true));
    Commit(5, TableIs(false));
    Commit(7, TableIs(true));
  }
  // As retention does it, once `version` has a checkpoint.
  void CleanUpBefore(int64_t version) {
    ASSERT_THAT(WriteCheckpoint(store_, Version{version}, Timestamp{}), IsOk());
    for (int64_t v = 0; v < version; ++v) Lose(v);
  }
};

TEST_F(SurveyFeedTest, ARangeMayBeginWhereTheFeedIsTurnedOn) {
  FeedOffForAWhile();
  EXPECT_EQ(Describe(Survey(2, 4)), "2..4");
  EXPECT_EQ(Describe(Survey(7, 9)), "7..9");
}

TEST_F(SurveyFeedTest, ARangeIsCutWhereTheFeedIsTurnedOff) {
  FeedOffForAWhile();
  const auto range = Survey(3, 9);
  EXPECT_EQ(Describe(range), "3..4 cut 5 resume 7");
  EXPECT_EQ(range->cut->cause, FeedCutCause::kFeedOff);
  EXPECT_TRUE(range->cut->loses_changes());
  EXPECT_THAT(range->cut->error.message, HasSubstr("off in versions 5 to 6"));
  EXPECT_THAT(range->cut->error.remedy, HasSubstr(kStartAgain));
}

TEST_F(SurveyFeedTest, ARangeThatBeginsWithTheFeedOffHoldsNothing) {
  FeedOffForAWhile();
  EXPECT_EQ(Describe(Survey(0, 9)), "0..-1 cut 0 resume 2");
  EXPECT_EQ(Describe(Survey(6, 9)), "6..5 cut 6 resume 7");
}

TEST_F(SurveyFeedTest, AFeedThatIsNeverOnSaysHowToTurnItOn) {
  Commit(0, ProtocolIs() + TableIs(false));
  Append(1, 3);
  const auto range = Survey(1, 3);
  EXPECT_EQ(Describe(range), "1..0 cut 1 for good");
  EXPECT_THAT(range->cut->error.remedy, HasSubstr("delta.enableChangeDataFeed = true"));
}

TEST_F(SurveyFeedTest, AnEndBeyondTheLatestVersionIsTheLatest) {
  FeedOffForAWhile();
  EXPECT_EQ(Describe(Survey(8, 99)), "8..9");
}

TEST_F(SurveyFeedTest, TheVersionAfterTheLatestIsNothingNew) {
  FeedOffForAWhile();
  EXPECT_EQ(Describe(Survey(10, 10)), "10..9");
  EXPECT_THAT(Survey(11, 12), IsError(ErrorKind::kConflict));
}

TEST_F(SurveyFeedTest, AddedColumnsAreInTheSchemaOfEarlierRanges) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 5);
  Commit(3, TableIs(true, {"id long", "word string"}));
  EXPECT_EQ(Describe(Survey(0, 5)), "0..5");
  EXPECT_EQ(Names(Survey(0, 1)->schema), (std::vector<std::string>{"id", "word"}));
}

TEST_F(SurveyFeedTest, ARangeIsCutWhereAColumnIsDroppedAndNothingIsLost) {
  Commit(0, ProtocolIs() + TableIs(true, {"id long", "word string"}));
  Append(1, 9);
  Commit(4, TableIs(true));
  Commit(7, TableIs(true, {"id string"}));
  const auto range = Survey(0, 9);
  EXPECT_EQ(Describe(range), "0..3 cut 4 resume 4");
  EXPECT_EQ(range->cut->cause, FeedCutCause::kSchemaChange);
  EXPECT_FALSE(range->cut->loses_changes());
  EXPECT_THAT(range->cut->error.message, HasSubstr("column 'word' dropped"));
  EXPECT_EQ(Names(range->schema), (std::vector<std::string>{"id", "word"}));
  EXPECT_EQ(Describe(Survey(4, 9)), "4..6 cut 7 resume 7");
  EXPECT_EQ(Survey(4, 9)->schema.fields[0].type.id, TypeId::kLong);
  EXPECT_EQ(Describe(Survey(7, 9)), "7..9");
}

TEST_F(SurveyFeedTest, AnOverwriteWithAnotherTypeLosesWhatItTookAway) {
  Commit(0, ProtocolIs() + TableIs(true, {"id long", "word string"}));
  Append(1, 9);
  Commit(4, TableIs(true, {"id string", "word string"}) + Remove("f1") + Add("f4"));
  EXPECT_EQ(Describe(Survey(1, 9)), "1..3 cut 4 resume 4");
  const auto range = Survey(4, 9);
  EXPECT_EQ(Describe(range), "4..3 cut 4 resume 5");
  EXPECT_EQ(range->cut->error.kind, ErrorKind::kSourceGone);
  EXPECT_THAT(range->cut->error.message, HasSubstr("version 4 rewrote the table"));
  EXPECT_THAT(range->cut->error.remedy, HasSubstr(kStartAgain));
  EXPECT_EQ(Describe(Survey(5, 9)), "5..9");
}

TEST_F(SurveyFeedTest, AnOverwriteThatKeepsTypesLosesNothing) {
  Commit(0, ProtocolIs() + TableIs(true, {"id long", "word string"}));
  Append(1, 9);
  Commit(4, TableIs(true, {"id long", "more string"}) + Remove("f1") + Add("f4"));
  EXPECT_EQ(Describe(Survey(4, 9)), "4..9");
}

TEST_F(SurveyFeedTest, ColumnsThatCameAndWentAreReadInAPieceOfTheirOwn) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 9);
  Commit(3, TableIs(true, {"id long", "word string"}));
  Commit(6, TableIs(true));  // as RESTORE does
  EXPECT_EQ(Describe(Survey(1, 9)), "1..2 cut 3 resume 3");
  EXPECT_EQ(Names(Survey(1, 9)->schema), (std::vector<std::string>{"id"}));
  EXPECT_EQ(Describe(Survey(3, 9)), "3..5 cut 6 resume 6");
  EXPECT_EQ(Names(Survey(3, 9)->schema), (std::vector<std::string>{"id", "word"}));
}

TEST_F(SurveyFeedTest, AFeatureThatWasGivenUpLaterIsPassedOver) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 9);
  Commit(3, ProtocolIs("fromTheFuture"));
  Commit(6, ProtocolIs());
  const auto range = Survey(1, 9);
  EXPECT_EQ(Describe(range), "1..2 cut 3 resume 6");
  EXPECT_EQ(range->cut->cause, FeedCutCause::kUnsupported);
  EXPECT_THAT(range->cut->error.message, HasSubstr("fromTheFuture"));
  EXPECT_EQ(Describe(Survey(4, 9)), "4..3 cut 4 resume 6");
}

TEST_F(SurveyFeedTest, ALogThatWasCleanedUpNamesTheFirstReadableVersion) {
  FeedOffForAWhile();
  CleanUpBefore(3);
  const auto range = Survey(1, 9);
  EXPECT_EQ(Describe(range), "1..0 cut 1 resume 3");
  EXPECT_EQ(range->cut->cause, FeedCutCause::kLogCleanedUp);
  EXPECT_THAT(range->cut->error.message, HasSubstr("versions 1 to 2"));
  EXPECT_EQ(Describe(Survey(3, 4)), "3..4");
}

TEST_F(SurveyFeedTest, ALaterCheckpointKnowsAStateThatNoCommitChanged) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 9);
  ASSERT_THAT(WriteCheckpoint(store_, Version{6}, Timestamp{}), IsOk());
  for (int64_t v = 0; v < 3; ++v) Lose(v);
  EXPECT_EQ(Describe(Survey(3, 9)), "3..9");
  EXPECT_EQ(Describe(Survey(2, 9)), "2..1 cut 2 resume 6") << "its commit is gone";
}

TEST_F(SurveyFeedTest, ALaterCheckpointDoesNotKnowWhatACommitChanged) {
  Commit(0, ProtocolIs() + TableIs(false));
  Append(1, 9);
  Commit(5, TableIs(true));
  ASSERT_THAT(WriteCheckpoint(store_, Version{6}, Timestamp{}), IsOk());
  for (int64_t v = 0; v < 3; ++v) Lose(v);
  EXPECT_EQ(Describe(Survey(3, 9)), "3..2 cut 3 resume 6");
  EXPECT_EQ(Describe(Survey(5, 9)), "5..9");
}

TEST_F(SurveyFeedTest, WhereWhatIsLeftHasTheFeedOffTheFirstReadableVersionIsALaterOne) {
  FeedOffForAWhile();
  CleanUpBefore(5);
  EXPECT_EQ(Describe(Survey(1, 9)), "1..0 cut 1 resume 7");
}

TEST_F(SurveyFeedTest, AHoleInTheLogIsAnError) {
  FeedOffForAWhile();
  ASSERT_THAT(WriteCheckpoint(store_, Version{9}, Timestamp{}), IsOk());
  Lose(8);
  EXPECT_THAT(Survey(7, 9), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Survey(7, 9), HasMessage("version 8"));
  EXPECT_EQ(Describe(Survey(9, 9)), "9..9") << "the hole is not in this range";
}

using FeedEnabledSinceTest = SurveyFeedTest;

TEST_F(FeedEnabledSinceTest, IsTheVersionThatTurnedItOnLast) {
  FeedOffForAWhile();
  EXPECT_EQ(FeedEnabledSince(log_, Latest()).value(), Version{7});
}

TEST_F(FeedEnabledSinceTest, OtherChangesOfMetadataDoNotCount) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 40);
  Commit(3, TableIs(true, {"id long", "word string"}));
  EXPECT_EQ(FeedEnabledSince(log_, Latest()).value(), Version{0});
}

TEST_F(FeedEnabledSinceTest, WhatIsOffIsGone) {
  Commit(0, ProtocolIs() + TableIs(true));
  Commit(1, TableIs(false));
  EXPECT_THAT(FeedEnabledSince(log_, Latest()), IsError(ErrorKind::kSourceGone));
}

TEST_F(FeedEnabledSinceTest, ACleanedUpBeginningIsGoneUnlessTheLogShowsTheTurn) {
  FeedOffForAWhile();
  CleanUpBefore(5);
  EXPECT_EQ(FeedEnabledSince(log_, Latest()).value(), Version{7});
  CleanUpBefore(8);
  const auto since = FeedEnabledSince(log_, Latest());
  EXPECT_THAT(since, IsError(ErrorKind::kSourceGone));
  EXPECT_THAT(since, HasMessage("the first that can be read is 8"));
}

}  // namespace
}  // namespace sluice::delta
