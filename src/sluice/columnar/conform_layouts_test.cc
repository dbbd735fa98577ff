#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <gmock/gmock.h>

#include "sluice/columnar/conform.h"
#include "sluice/testing/matchers.h"

/// One value in each of Arrow's layouts, as a file's own Arrow schema may ask for them.
namespace sluice::columnar {
namespace {

using testing::IsError;
using testing::IsOk;
using TypePtr = std::shared_ptr<arrow::DataType>;

std::shared_ptr<arrow::Array> Values(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

void ExpectConforms(const TypePtr& from, const TypePtr& to, const std::string& json) {
  // A slice, so that offsets count.
  const auto conformed = Conform(Values(from, json)->Slice(1), to, "c");
  ASSERT_THAT(conformed, IsOk()) << from->ToString();
  EXPECT_TRUE((*conformed)->Validate().ok());
  EXPECT_TRUE((*conformed)->Equals(Values(to, json)->Slice(1)))
      << from->ToString() << " became " << (*conformed)->ToString();
}

TEST(ConformLayouts, TextInAnyLayoutIsText) {
  const std::string kTexts =
      R"(["cut off", "short", null, "", "too long to stand in a view", "é"])";
  for (const TypePtr& from : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    ExpectConforms(from, arrow::utf8(), kTexts);
  }
  ExpectConforms(arrow::binary_view(), arrow::binary(), kTexts);
  ExpectConforms(arrow::binary_view(), arrow::utf8(), kTexts);
}

TEST(ConformLayouts, LargeAndFixedListsAreLists) {
  const std::string kLists =
      R"([["cut", "off"], ["a", null], null, ["b", "long enough not to fit"]])";
  const TypePtr wanted = arrow::list(arrow::utf8());
  for (const TypePtr& text : {arrow::utf8(), arrow::utf8_view()}) {
    ExpectConforms(arrow::large_list(text), wanted, kLists);
    ExpectConforms(arrow::fixed_size_list(text, 2), wanted, kLists);
  }
}

TEST(ConformLayouts, LayoutsInsideOfStructsAreFollowed) {
  const auto from = arrow::struct_({arrow::field("xs", arrow::large_list(arrow::utf8_view()))});
  const auto to = arrow::struct_({arrow::field("xs", arrow::list(arrow::utf8()))});
  ExpectConforms(from, to, R"([null, {"xs": ["a", null]}, {"xs": null}])");
}

TEST(ConformLayouts, OtherTypesAreStillRefused) {
  EXPECT_THAT(Conform(Values(arrow::utf8_view(), R"(["1"])"), arrow::int64(), "c"),
              IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(Conform(Values(arrow::large_list(arrow::utf8()), R"([["1"]])"),
                      arrow::list(arrow::int64()), "c"),
              IsError(ErrorKind::kUnsupported));
}

}  // namespace
}  // namespace sluice::columnar
