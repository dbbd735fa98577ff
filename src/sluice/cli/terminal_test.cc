#include "sluice/cli/terminal.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

TEST(WrapTest, LongLineBreaksBetweenWordsAndIsIndented) {
  EXPECT_EQ(Wrap("  fix: run it again", 14), "  fix: run it\n      again");
  EXPECT_EQ(Wrap("short\nlonger line here", 12), "short\nlonger line\n    here");
}

TEST(WrapTest, NothingIsWrappedWhereThereIsNoTerminal) {
  const std::string line(200, 'x');
  EXPECT_EQ(Wrap(line + " " + line, 0), line + " " + line);
}

TEST(WrapTest, LongWordStaysWhole) {
  EXPECT_EQ(Wrap("at s3://bucket/a/long/key/of/a/file now", 20),
            "at\n    s3://bucket/a/long/key/of/a/file\n    now");
}

TEST(WrapTest, BlanksWithinALineStay) { EXPECT_EQ(Wrap("a   b", 80), "a   b"); }

TEST(WidthTest, CountsCodePointsWithoutColour) {
  EXPECT_EQ(Width("n\xc3\xbamero"), 6u);
  EXPECT_EQ(Width("\x1b[31mfailed\x1b[0m"), 6u);
}

TEST(ElideTest, KeepsBothEnds) {
  EXPECT_EQ(Elide("main.sales.events", 9), "main…ents");
  EXPECT_EQ(Elide("events", 9), "events");
}

TEST(AlignTableTest, FirstColumnGivesWayWhereTheTerminalIsNarrow) {
  const std::string text =
      AlignTable({{"NAME", "LAG"}, {"a_very_long_name_of_a_table", "1h 0m"}}, {}, 24);
  EXPECT_EQ(text, "NAME               LAG\na_very_l…_a_table  1h 0m");
  EXPECT_EQ(AlignTable({{"NAME", "N"}, {"events", "12"}}, {1}, 80), "NAME     N\nevents  12");
}

}  // namespace
}  // namespace sluice::cli
