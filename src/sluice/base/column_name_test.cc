#include "sluice/base/column_name.h"

#include <gtest/gtest.h>

#include <utility>

namespace sluice {
namespace {

TEST(SameColumnName, LettersOutsideAsciiMatchWithoutCase) {
  const std::pair<const char*, const char*> kSame[] = {
      {"Id", "iD"}, {"número", "NÚMERO"}, {"straße", "STRAẞE"}, {"País", "PAÍS"}, {"дата", "ДАТА"},
      {"σ", "Σ"},   {"ǆ", "ǅ"},           {"k", "\u212a"},      {"å", "\u212b"},  {"ω", "\u2126"},
      {"𐐨", "𐐀"},   {"ა", "Ა"},         {"i\u0307", "İ"},     {"ᾳ", "ᾼ"},       {"ÿ", "Ÿ"},
      {"Ꭰ", "ꭰ"}, {"ά_ας", "Ά_ΑΣ"},     {"ας 1", "ΑΣ 1"},     {"ασα", "ΑΣΑ"}};
  for (const auto& [a, b] : kSame) EXPECT_TRUE(SameColumnName(a, b)) << a << " " << b;
}

// Each of these is two columns for Spark.
TEST(SameColumnName, WhatOnlyLooksAlikeIsAnotherName) {
  const std::pair<const char*, const char*> kDifferent[] = {
      {"a", "b"}, {"a", "aa"},          {"ß", "ss"}, {"i", "İ"},       {"i", "ı"},   {"s", "ſ"},
      {"ς", "σ"}, {"\u00b5", "\u03bc"}, {"ﬁ", "fi"}, {"é", "e\u0301"}, {"ας", "ασ"}, {"É", "e"},
      {"ẛ", "ṡ"}};
  for (const auto& [a, b] : kDifferent) EXPECT_FALSE(SameColumnName(a, b)) << a << " " << b;
}

TEST(FoldColumnName, FinalSigmaFollowsTheWordAsInJava) {
  EXPECT_EQ(FoldColumnName("ΑΣ_Α"), "ασ_α");
  EXPECT_EQ(FoldColumnName("ΑΣ_1"), "ας_1");
  EXPECT_EQ(FoldColumnName("ΑΣ Α"), "ας α");
  EXPECT_EQ(FoldColumnName("Α Σ"), "α σ");
  EXPECT_EQ(FoldColumnName("日Σ"), "日σ");
  EXPECT_EQ(FoldColumnName("AΣ#"), "aς#");
}

TEST(FoldColumnName, BytesThatAreNotUtf8StayAsTheyAre) {
  EXPECT_EQ(FoldColumnName("A\xc3"), "a\xc3");
  EXPECT_EQ(FoldColumnName("\xff\x80Á"), "\xff\x80á");
  EXPECT_EQ(FoldColumnName("\xe2\x82"), "\xe2\x82");
}

}  // namespace
}  // namespace sluice
