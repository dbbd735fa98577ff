#include "sluice/catalog/table_name.h"

#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::catalog {
namespace {

using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;

std::string Again(const std::string& text) {
  const auto name = ParseTableName(text);
  return name ? name->ToString() : name.error().message;
}

TEST(TableNameTest, ThreePartsAreANameAndWrittenAsTheyWere) {
  const auto name = ParseTableName("main.sales.events");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, (TableName{"main", "sales", "events"}));
  EXPECT_EQ(name->ToString(), "main.sales.events");
}

TEST(TableNameTest, PartInBackticksHoldsDotsAndBackticks) {
  const auto name = ParseTableName("`a.b`.`c``d`.`plain`");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, (TableName{"a.b", "c`d", "plain"}));
  EXPECT_EQ(Again("`a.b`.`c``d`.`plain`"), "`a.b`.`c``d`.plain");
  EXPECT_EQ(Again("main.grün.naïve table"), "main.grün.naïve table");
}

TEST(TableNameTest, OtherNumbersOfPartsAreRefusedWithTheForm) {
  for (const char* text : {"events", "sales.events", "a.b.c.d"}) {
    EXPECT_THAT(ParseTableName(text), IsError(ErrorKind::kConfig)) << text;
    EXPECT_THAT(ParseTableName(text), HasMessage("three parts")) << text;
    EXPECT_THAT(ParseTableName(text), HasRemedy("catalog.schema.table")) << text;
  }
}

TEST(TableNameTest, EmptyPartsAndStrayBackticksAreRefused) {
  for (const char* text : {"", "a..c", ".b.c", "a.b.", "``.b.c"}) {
    EXPECT_THAT(ParseTableName(text), HasMessage("empty")) << text;
  }
  for (const char* text : {"a`.b.c", "`a.b.c", "`a`b.c.d", "a.b.`c`d", "a.b.c`"}) {
    EXPECT_THAT(ParseTableName(text), HasMessage("backtick")) << text;
  }
}

}  // namespace
}  // namespace sluice::catalog
