#include "sluice/columnar/variant_writer.h"

#include <arrow/util/decimal.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "sluice/columnar/variant_text_fixture.h"
#include "sluice/testing/matchers.h"

namespace sluice::columnar {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

constexpr std::string_view kNoNames("\x01\x00\x00", 3);

struct Variant {
  std::string value, metadata;
  std::string text() const { return TextOfVariant(value, metadata); }
};

template <typename Add>
Variant Write(Add add) {
  VariantWriter writer;
  writer.Clear(kMostVariantBytes);
  add(writer);
  Variant made;
  writer.Finish(made.value, made.metadata);
  return made;
}

template <typename Add>
std::string Scalar(Add add) {
  const Variant made = Write(add);
  EXPECT_EQ(made.metadata, kNoNames);
  return made.text();
}

Variant Copy(std::string_view value, std::string_view metadata) {
  return Write([&](VariantWriter& writer) {
    EXPECT_THAT(writer.AddValue(value, *VariantDictionary::Parse(metadata)), IsOk());
  });
}

Status TryCopy(std::string_view value, std::string_view metadata, size_t most = 1000) {
  VariantWriter writer;
  writer.Clear(most);
  SLUICE_ASSIGN_OR_RETURN(const auto names, VariantDictionary::Parse(metadata));
  return writer.AddValue(value, names);
}

TEST(VariantWriterTest, IntegersAreAsShortAsTheyCanBe) {
  const auto text = [](int64_t value) {
    return Scalar([&](VariantWriter& writer) { writer.AddInteger(value); });
  };
  EXPECT_EQ(text(127), "3 7f");
  EXPECT_EQ(text(-128), "3 80");
  EXPECT_EQ(text(128), "4 80 00");
  EXPECT_EQ(text(-32769), "5 ff 7f ff ff");
  EXPECT_EQ(text(int64_t{1} << 31), "6 00 00 00 80 00 00 00 00");
}

TEST(VariantWriterTest, DecimalsAreAsShortAsTheirDigitsAndScaleAllow) {
  const auto text = [](const char* digits, int scale) {
    return Scalar(
        [&](VariantWriter& writer) { writer.AddDecimal(arrow::Decimal128(digits), scale); });
  };
  EXPECT_EQ(text("999999999", 2), "8 02 ff c9 9a 3b");
  EXPECT_EQ(text("-1", 10), "9 0a ff ff ff ff ff ff ff ff");
  EXPECT_EQ(text("1000000000", 0), "9 00 00 ca 9a 3b 00 00 00 00");
  EXPECT_EQ(text("-2", 19), "10 13 fe ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff");
}

TEST(VariantWriterTest, EveryNanIsTheSame) {
  EXPECT_EQ(Scalar([](VariantWriter& writer) { writer.AddDouble(-std::nan("7")); }),
            "7 00 00 00 00 00 00 f8 7f");
  EXPECT_EQ(Scalar([](VariantWriter& writer) { writer.AddFloat(-std::nanf("7")); }),
            "14 00 00 c0 7f");
}

TEST(VariantWriterTest, TextsUpTo63BytesAreShort) {
  const std::string text(63, 'x');
  EXPECT_EQ(Scalar([&](VariantWriter& writer) { writer.AddString(text); }), "'" + text + "'");
  const Variant longer = Write([&](VariantWriter& writer) { writer.AddString(text + "y"); });
  EXPECT_EQ(longer.value, std::string("\x40\x40\0\0\0", 5) + text + "y");
}

TEST(VariantWriterTest, FieldsAreSortedAndNamesNumberedAsTheyCame) {
  const Variant made = Write([](VariantWriter& writer) {
    writer.BeginObject();
    writer.BeginField("b");
    writer.BeginObject();
    writer.BeginField("a");
    writer.AddInteger(1);
    EXPECT_THAT(writer.EndObject(), IsOk());
    writer.BeginField("a");
    writer.BeginArray();
    writer.EndArray();
    EXPECT_THAT(writer.EndObject(), IsOk());
  });
  EXPECT_EQ(made.text(), "{a: [], b: {a: 3 01}}");
  EXPECT_EQ(made.metadata, std::string("\x01\x02\x00\x01\x02"
                                       "ba",
                                       7));
  // Two fields, their names, where they begin and end; the inner object; the array.
  EXPECT_EQ(made.value, std::string("\x02\x02\x01\x00\x07\x00\x0A"
                                    "\x02\x01\x01\x00\x02\x0C\x01"
                                    "\x03\x00\x00",
                                    17));
}

TEST(VariantWriterTest, NamesAreSortedByTheirBytes) {
  // By Java's characters, the second would come first.
  const std::string high = "\xEF\xBF\xBD", beyond = "\xF0\x9F\x98\x80";
  const Variant made = Write([&](VariantWriter& writer) {
    writer.BeginObject();
    for (const std::string_view name : {std::string_view(beyond), std::string_view(high)}) {
      writer.BeginField(name);
      writer.AddNull();
    }
    EXPECT_THAT(writer.EndObject(), IsOk());
  });
  EXPECT_EQ(made.text(), "{" + high + ": 0, " + beyond + ": 0}");
}

TEST(VariantWriterTest, LargeObjectsAndArraysHaveWiderNumbers) {
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back(fmt::format("name{:03}", i));
  const Variant made = Write([&](VariantWriter& writer) {
    writer.BeginArray();
    for (int copy = 0; copy < 300; ++copy) {
      writer.BeginElement();
      writer.BeginObject();
      for (const std::string& name : names) {
        writer.BeginField(name);
        writer.AddString(name);
      }
      EXPECT_THAT(writer.EndObject(), IsOk());
    }
    writer.EndArray();
  });
  const auto copy = Copy(made.value, made.metadata);
  EXPECT_EQ(copy.value, made.value);
  EXPECT_EQ(copy.metadata, made.metadata);
  EXPECT_THAT(made.text(), ::testing::EndsWith("name298: 'name298', name299: 'name299'}]"));
}

TEST(VariantWriterTest, CopiesDropNamesThatAreNotUsed) {
  const std::string metadata("\x01\x03\x00\x01\x02\x03xba", 9);
  const std::string value("\x02\x02\x02\x01\x00\x01\x02\x00\x04", 9);  // {a: null, b: true}
  const Variant copy = Copy(value, metadata);
  EXPECT_EQ(copy.text(), "{a: 0, b: 1}");
  EXPECT_EQ(copy.metadata, std::string("\x01\x02\x00\x01\x02"
                                       "ab",
                                       7));
}

TEST(VariantWriterTest, ClearedWriterForgetsWhatItHeld) {
  VariantWriter writer;
  Variant made;
  for (int i = 0; i < 2; ++i) {
    writer.Clear(kMostVariantBytes);
    writer.BeginObject();
    writer.BeginField("a");
    ASSERT_THAT(writer.EndObject(), IsOk());
    writer.Clear(kMostVariantBytes);
    writer.AddNull();
    writer.Finish(made.value, made.metadata);
    EXPECT_EQ(made.value, std::string(1, '\0'));
    EXPECT_EQ(made.metadata, kNoNames);
  }
}

TEST(VariantWriterTest, BrokenBytesAreRefused) {
  const std::string names("\x01\x01\x00\x01n", 5);
  struct Case {
    std::string value, metadata;
    const char* message;
  };
  const auto bytes = [](std::initializer_list<int> list) {
    return std::string(list.begin(), list.end());
  };
  for (const Case& broken : std::vector<Case>{
           {"", names, "value is empty"},
           {bytes({0}), "", "metadata is empty"},
           {bytes({0}), bytes({2, 0, 0}), "has version 2, known is 1"},
           {bytes({0}), bytes({1}), "ends in its first number"},
           {bytes({0}), bytes({1, 9, 0}), "announces 9 names"},
           {bytes({21 << 2}), names, "unknown type 21"},
           {bytes({6 << 2, 1, 2}), names, "of 9 bytes ends after 3"},
           {bytes({16 << 2, 9, 0, 0, 0}), names, "of 14 bytes ends after 5"},
           {bytes({16 << 2, 9}), names, "of 5 bytes ends after 2"},
           {bytes({2}), names, "ends where an object or array begins"},
           {bytes({2, 1, 0, 0}), names, "announces 1 parts"},
           {bytes({3, 1, 0, 9, 0}), names, "parts end 8 bytes after it"},
           {bytes({3, 1, 1, 1, 0}), names, "part 0 of a variant's 1 begins at byte 1 of 1"},
           {bytes({2, 1, 7, 0, 1, 0}), names, "named by number 7 of 1 names"},
           {bytes({2, 1, 0, 0, 1, 0}), bytes({1, 1, 0, 9, 'n'}), "lies outside of it"},
           {bytes({2, 2, 0, 0, 0, 1, 2, 0, 0}), names, "two fields named 'n'"}}) {
    const Status copied = TryCopy(broken.value, broken.metadata);
    EXPECT_THAT(copied, IsError(ErrorKind::kCorrupt)) << broken.message;
    EXPECT_THAT(copied, HasMessage(broken.message));
  }
}

TEST(VariantWriterTest, NestingHasALimit) {
  // [[...]]: each holds the next.
  std::string value(1, '\0');
  const auto wrap = [&] {
    std::string outer("\x0F\x01\0\0\0\0", 6);
    for (int i = 0; i < 4; ++i) outer.push_back(static_cast<char>(value.size() >> (8 * i)));
    value = outer + value;
  };
  for (size_t i = 0; i < kMostVariantDepth; ++i) wrap();
  EXPECT_THAT(TryCopy(value, kNoNames, kMostVariantBytes), IsOk());
  wrap();
  EXPECT_THAT(TryCopy(value, kNoNames, kMostVariantBytes), HasMessage("deeper than 1000 levels"));
}

TEST(VariantWriterTest, PartsThatAreTheSameBytesManyTimesEndAtTheLimit) {
  // Each array holds the next ten times: 10^12 values in some 200 bytes.
  std::string value(1, '\0');
  for (int i = 0; i < 12; ++i) {
    std::string outer("\x03\x0A", 2);
    outer.append(10, '\0');
    outer.push_back(static_cast<char>(value.size()));
    value = outer + value;
  }
  EXPECT_THAT(TryCopy(value, kNoNames), HasMessage("more than 1000 bytes"));
}

}  // namespace
}  // namespace sluice::columnar
