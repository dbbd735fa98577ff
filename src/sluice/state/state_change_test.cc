#include "sluice/state/state_change.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::state {
namespace {

constexpr int64_t kHour = 3'600'000'000;

StateRow RowAt(std::optional<int64_t> end_time) {
  StateRow row;
  row.source_table = "main.sales.events";
  if (end_time) row.last_exported_end_time = Timestamp{*end_time};
  return row;
}

Advance Window(std::optional<int64_t> expected, std::optional<int64_t> value) {
  Advance advance;
  advance.app_id = "sluice/events";
  advance.n = 7;
  advance.source_table = "main.sales.events";
  advance.expected = expected;
  advance.value = value;
  advance.ran_at = Timestamp{9 * kHour};
  return advance;
}

RowChange SetTo(int64_t position) {
  return RowChange{RowChange::Kind::kSet, "main.sales.events", Progress::kEndTime, position,
                   Timestamp{9 * kHour}};
}

void ExpectWritten(const Result<Decision>& decision, int64_t position) {
  ASSERT_TRUE(decision) << decision.error().message;
  EXPECT_EQ(decision->outcome, AdvanceOutcome::kWritten);
  EXPECT_EQ(decision->change, SetTo(position));
}

void ExpectKept(const Result<Decision>& decision, AdvanceOutcome outcome) {
  ASSERT_TRUE(decision) << decision.error().message;
  EXPECT_EQ(decision->outcome, outcome);
  ASSERT_TRUE(decision->change);
  EXPECT_EQ(decision->change->kind, RowChange::Kind::kKeep);
}

void ExpectConflict(const Result<Decision>& decision, const std::vector<std::string>& named) {
  ASSERT_FALSE(decision);
  EXPECT_EQ(decision.error().kind, ErrorKind::kConflict);
  for (const std::string& text : named) {
    EXPECT_NE(decision.error().message.find(text), std::string::npos) << decision.error().message;
  }
  EXPECT_NE(decision.error().remedy.find("state set"), std::string::npos);
}

TEST(DecideAdvance, RowAtExpectedIsMoved) {
  ExpectWritten(Decide({RowAt(kHour)}, {}, Window(kHour, 2 * kHour)), 2 * kHour);
}

TEST(DecideAdvance, FirstExportInsertsTheRow) {
  ExpectWritten(Decide({}, {}, Window({}, kHour)), kHour);
}

TEST(DecideAdvance, NullPositionOfANewRowIsFilled) {
  ExpectWritten(Decide({RowAt({})}, {}, Window({}, kHour)), kHour);
}

TEST(DecideAdvance, RowBetweenExpectedAndValueIsMovedOn) {
  ExpectWritten(Decide({RowAt(2 * kHour)}, {}, Window(kHour, 3 * kHour)), 3 * kHour);
  ExpectWritten(Decide({RowAt(2 * kHour)}, {}, Window({}, 3 * kHour)), 3 * kHour);
}

TEST(DecideAdvance, RowPastValueStaysAndNumberIsMarked) {
  ExpectKept(Decide({RowAt(4 * kHour)}, {}, Window(kHour, 3 * kHour)), AdvanceOutcome::kRowAhead);
}

TEST(DecideAdvance, RowAtValueStaysAndCountsAsWritten) {
  ExpectKept(Decide({RowAt(3 * kHour)}, 6, Window(kHour, 3 * kHour)), AdvanceOutcome::kWritten);
}

TEST(DecideAdvance, RowBehindExpectedIsAConflictThatNamesBoth) {
  ExpectConflict(Decide({RowAt(kHour)}, 6, Window(2 * kHour, 3 * kHour)),
                 {"main.sales.events", "1970-01-01T01:00:00Z", "1970-01-01T02:00:00Z"});
}

TEST(DecideAdvance, MissingRowIsAConflictWhereOneIsExpected) {
  ExpectConflict(Decide({}, 6, Window(2 * kHour, 3 * kHour)),
                 {"no row for main.sales.events", "1970-01-01T02:00:00Z"});
}

TEST(DecideAdvance, NullPositionIsAConflictWhereOneIsExpected) {
  ExpectConflict(Decide({RowAt({})}, 6, Window(2 * kHour, 3 * kHour)), {"NULL"});
}

TEST(DecideAdvance, TwoRowsAreAConflictThatNamesBoth) {
  ExpectConflict(Decide({RowAt(kHour), RowAt(2 * kHour)}, 6, Window(2 * kHour, 3 * kHour)),
                 {"2 rows", "1970-01-01T01:00:00Z", "1970-01-01T02:00:00Z"});
}

TEST(DecideAdvance, FollowedNumberIsDoneWhateverStandsThere) {
  for (const int64_t followed : {7, 8}) {
    const auto decision = Decide({RowAt(kHour), RowAt({})}, followed, Window(2 * kHour, 3 * kHour));
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->outcome, AdvanceOutcome::kAlreadyThere);
    EXPECT_FALSE(decision->change);
  }
}

TEST(DecideAdvance, LateRowsMarkTheNumberOnly) {
  ExpectKept(Decide({RowAt(kHour)}, 6, Window(2 * kHour, {})), AdvanceOutcome::kWritten);
  ExpectKept(Decide({}, {}, Window({}, {})), AdvanceOutcome::kWritten);
}

TEST(DecideAdvance, VersionsLookAtTheVersionColumnOnly) {
  StateRow row = RowAt(99 * kHour);
  row.last_exported_version = Version{4};
  Advance advance = Window(4, 9);
  advance.progress = Progress::kVersion;
  const auto decision = Decide({row}, 6, advance);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->change->progress, Progress::kVersion);
  EXPECT_EQ(decision->change->position, 9);
  advance.expected = 5;
  ExpectConflict(Decide({row}, 6, advance), {"version 4", "version 5"});
}

TEST(DecideReset, SetsWhateverStandsThere) {
  Reset reset;
  reset.n = 3;
  reset.source_table = "main.sales.events";
  reset.value = kHour;
  reset.ran_at = Timestamp{9 * kHour};
  for (const auto& rows : {std::vector<StateRow>{}, {RowAt(2 * kHour)}, {RowAt({}), RowAt(1)}}) {
    EXPECT_EQ(Decide(rows, 2, reset).change, SetTo(kHour));
  }
  EXPECT_FALSE(Decide({}, 3, reset).change);
}

TEST(DecideReset, ForgetRemovesRowsWhereThereAreAny) {
  Reset reset;
  reset.n = 3;
  EXPECT_EQ(Decide({RowAt(1), RowAt(2)}, {}, reset).change->kind, RowChange::Kind::kRemove);
  EXPECT_EQ(Decide({}, {}, reset).change->kind, RowChange::Kind::kKeep);
}

RC_GTEST_PROP(DecideAdvance, RowNeverMovesBackAndNeverPastTheValue, ()) {
  const auto position = *rc::gen::maybe(rc::gen::inRange<int64_t>(0, 10));
  const auto expected = *rc::gen::maybe(rc::gen::inRange<int64_t>(0, 10));
  const int64_t value = *rc::gen::inRange<int64_t>(0, 10);
  std::optional<int64_t> before, start;
  if (position) before = *position;
  if (expected) start = *expected;
  const auto decision = Decide({RowAt(before)}, {}, Window(start, value));
  if (!decision) {
    RC_ASSERT((before < start));
    return;
  }
  const bool set = decision->change->kind == RowChange::Kind::kSet;
  RC_ASSERT((!set || (decision->change->position == value && before < value)));
  RC_ASSERT((set || before >= value));
  RC_ASSERT(((decision->outcome == AdvanceOutcome::kRowAhead) == (before > value)));
}

}  // namespace
}  // namespace sluice::state
