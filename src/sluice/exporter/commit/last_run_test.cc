#include "sluice/exporter/commit/last_run.h"

#include <gmock/gmock.h>

#include "sluice/exporter/commit/commit_fixture.h"
#include "sluice/ledger/ledger_path.h"

namespace sluice::exporter {
namespace {

using testing::HasMessage;
using testing::IsOk;

using LastRunTest = CommitTest;

Status Failed(std::string message) { return Fail(Error{ErrorKind::kCorrupt, message, {}}); }

TEST_F(LastRunTest, IsReadAsItWasRecorded) {
  EXPECT_FALSE(ReadLastRun(Context()));
  RecordLastRun(Context(), "exported", {}, 4);
  const auto last = ReadLastRun(Context());
  ASSERT_TRUE(last);
  EXPECT_EQ(last->at, clock->Now());
  EXPECT_EQ(last->status, "exported");
  EXPECT_EQ(last->error, "");
  EXPECT_EQ(last->settled, 4);
}

TEST_F(LastRunTest, FailedRunDoesNotTakeBackWhatAnEarlierOneSawSettled) {
  RecordLastRun(Context(), "exported", {}, 4);
  RecordLastRun(Context(), "failed", Failed("no answer"), 0);
  EXPECT_EQ(ReadLastRun(Context())->settled, 4);
  EXPECT_EQ(ReadLastRun(Context())->error, "no answer");
  RecordLastRun(Context(), "nothing new", {}, 2);
  EXPECT_EQ(ReadLastRun(Context())->settled, 2) << "the ledger began anew";
}

TEST_F(LastRunTest, WhatItSawIsReadAsItWasRecorded) {
  const Standstill still{"c", 4, "l", Version{7}, "s", "version 7", Version{9}, "t", clock->Now()};
  RecordLastRun(Context(), "exported", {}, 4, still);
  const auto read = ReadLastRun(Context())->standstill;
  ASSERT_TRUE(read);
  EXPECT_EQ(std::tie(read->config, read->ledger, read->source_mark, read->row, read->state_mark),
            std::tie(still.config, still.ledger, still.source_mark, still.row, still.state_mark));
  EXPECT_EQ(read->n, 4);
  EXPECT_EQ(read->source, Version{7});
  EXPECT_EQ(read->state, Version{9});
  EXPECT_EQ(read->due, clock->Now());
  RecordLastRun(Context(), "failed", Failed("no answer"), 0);
  EXPECT_FALSE(ReadLastRun(Context())->standstill);
}

TEST_F(LastRunTest, StandstillThatCannotBeReadIsNone) {
  const store::Key key = ledger::LastRunKey(ledger.folder());
  for (const char* text : {"7", "{}", R"({"n":"x"})"}) {
    const std::string note =
        R"({"at":"2026-01-01T00:00:00Z","standstill":)" + std::string(text) + "}";
    ASSERT_THAT(ledger_store->Put(key, note), IsOk());
    ASSERT_TRUE(ReadLastRun(Context())) << text;
    EXPECT_FALSE(ReadLastRun(Context())->standstill) << text;
  }
}

TEST_F(LastRunTest, NamesNoColumn) {
  RecordLastRun(Context(), "failed",
                Failed("the source's schema changed: column 'salary' and 'bonus' were added"), 0);
  EXPECT_EQ(ReadLastRun(Context())->error,
            "the source's schema changed: column '...' and '...' were added");
}

TEST_F(LastRunTest, NoteThatCannotBeReadIsNone) {
  const store::Key key = ledger::LastRunKey(ledger.folder());
  for (const char* text : {"", "[]", "{}", R"({"at": "yesterday"})"}) {
    ASSERT_THAT(ledger_store->Put(key, text), IsOk());
    EXPECT_FALSE(ReadLastRun(Context())) << text;
    EXPECT_THAT(RequireLastRun(Context()), HasMessage(key)) << text;
  }
}

}  // namespace
}  // namespace sluice::exporter
