#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <chrono>

#include "sluice/config/config_parser.h"
#include "sluice/testing/matchers.h"

/// Texts that no person would write: each gets an answer, soon.
namespace sluice::config {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

Result<Config> Parse(const std::string& text) {
  return ParseConfig(text, "/etc/sluice.yaml", [](const std::string&) { return std::nullopt; });
}

constexpr char kGood[] =
    "destination: {url: /out}\ntables:\n- &t {table: a, path: /a, pattern: cdc}\n";

TEST(HostileTextTest, TextThatBeginsNoDocumentEnds) {
  for (const char* text : {",", ", a", ",,a: b", "[a] , b"}) {
    EXPECT_THAT(Parse(text), IsError(ErrorKind::kConfig)) << text;
  }
  EXPECT_THAT(Parse(std::string("[a] b")), HasMessage("does not belong to anything before it"));
}

TEST(HostileTextTest, SecondDocumentIsTold) {
  EXPECT_THAT(Parse(std::string(kGood) + "---\na: b\n"), HasMessage("a second one begins here"));
  EXPECT_THAT(Parse(std::string("---\n") + kGood + "...\n"), IsOk());
}

TEST(HostileTextTest, AnchorThatHoldsItselfIsTold) {
  EXPECT_THAT(Parse("a: &x\n  <<: *x\n"),
              HasMessage("sluice.yaml:2:7: an anchor cannot contain itself"));
  EXPECT_THAT(Parse("a: &x [[*x]]\n"), HasMessage("an anchor cannot contain itself"));
}

TEST(HostileTextTest, AliasesOfAliasesAreRefusedBeforeTheyAreFollowed) {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    text += fmt::format("a{}: &a{} [*a{}, *a{}]\n", i, i, i - 1, i - 1);
  }
  EXPECT_THAT(Parse(text), HasMessage("larger than a config can be"));
}

TEST(HostileTextTest, DeepNestingIsRefused) {
  EXPECT_THAT(Parse(std::string(40, '[') + std::string(40, ']')), HasMessage("nested deeper"));
  for (const char* deep : {"[", "{", "- ", "? ", "{a: ", "[{", "- ? "}) {
    std::string text;
    while (text.size() < 100'000) text += deep;
    EXPECT_THAT(Parse(text), IsError(ErrorKind::kConfig)) << deep;
  }
}

TEST(HostileTextTest, AliasesThatShareKeysAreFine) {
  EXPECT_THAT(Parse(std::string(kGood) + "- {<<: *t, table: b}\n- {<<: [*t], table: c}\n"), IsOk());
}

RC_GTEST_PROP(HostileTextProperty, EveryTextIsAnsweredSoon, ()) {
  const auto piece = rc::gen::element<std::string>(
      "&a ", "*a", "*a ", "&b ", "*b ", "<<: ", "<<", "{", "}", "[", "]", ":", ": ", "- ", "-", ",",
      "? ", "\n", "\n  ", " ", "a", "a: ", "tables: ", "defaults: ", "destination: ", "\"", "|\n",
      "---\n", "...\n", "!t ", "# ", "%", "${", "\t", "\0");
  std::string text;
  for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  const auto begin = std::chrono::steady_clock::now();
  (void)Parse(text);
  RC_ASSERT(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

}  // namespace
}  // namespace sluice::config
