#include "sluice/delta/schema/schema.h"

#include <arrow/type.h>
#include <gmock/gmock.h>

#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

std::string SchemaOf(std::string_view type) {
  return std::string(R"({"type":"struct","fields":[{"name":"a","type":)") + std::string(type) +
         R"(,"nullable":true,"metadata":{}}]})";
}

Result<std::string> TypeOf(std::string_view type) {
  return ParseSchema(SchemaOf(type)).map([](const TableSchema& schema) {
    return schema.fields.at(0).type.ToString();
  });
}

TEST(ParseSchema, EveryPrimitiveTypeIsKnown) {
  const std::pair<const char*, const char*> kTypes[] = {{"string", "string"},
                                                        {"long", "long"},
                                                        {"integer", "int"},
                                                        {"short", "short"},
                                                        {"byte", "byte"},
                                                        {"float", "float"},
                                                        {"double", "double"},
                                                        {"boolean", "boolean"},
                                                        {"binary", "binary"},
                                                        {"date", "date"},
                                                        {"timestamp", "timestamp"},
                                                        {"timestamp_ntz", "timestamp_ntz"},
                                                        {"void", "void"},
                                                        {"decimal(38,10)", "decimal(38,10)"},
                                                        {"decimal", "decimal(10,0)"}};
  for (const auto& [json, expected] : kTypes) {
    EXPECT_EQ(TypeOf("\"" + std::string(json) + "\"").value(), expected);
  }
}

TEST(ParseSchema, CharAndVarcharAreStringsAsInSpark) {
  EXPECT_EQ(TypeOf("\"varchar(10)\"").value(), "string");
  EXPECT_EQ(TypeOf("\"char(3)\"").value(), "string");
}

TEST(ParseSchema, NestedTypesKeepTheirParts) {
  const auto schema = ParseSchema(SchemaOf(
      R"({"type":"array","elementType":{"type":"struct","fields":[{"name":"m","type":{"type":"map",)"
      R"("keyType":"string","valueType":"integer","valueContainsNull":false},"nullable":false,)"
      R"("metadata":{"k":1}}]},"containsNull":true})"));
  ASSERT_THAT(schema, IsOk());
  const DataType& array = schema->fields[0].type;
  EXPECT_EQ(array.ToString(), "array<struct<m:map<string,int>>>");
  EXPECT_TRUE(array.fields[0].nullable);
  const Field& map = array.fields[0].type.fields[0];
  EXPECT_FALSE(map.nullable);
  EXPECT_FALSE(map.type.fields[1].nullable);
  EXPECT_EQ(map.metadata_json, R"({"k":1})");
}

TEST(ParseSchema, WrittenAndReadAgainIsTheSame) {
  const std::string text =
      R"x({"type":"struct","fields":[{"name":"q \" é","type":"decimal(5,2)","nullable":false,)x"
      R"("metadata":{"comment":"x\ny","n":1.5}},{"name":"s","type":{"type":"struct","fields":[]},)"
      R"("nullable":true,"metadata":{}},{"name":"l","type":{"type":"array","elementType":"long",)"
      R"("containsNull":false},"nullable":true,"metadata":{}},{"name":"m","type":{"type":"map",)"
      R"("keyType":"date","valueType":"binary","valueContainsNull":true},"nullable":true,)"
      R"("metadata":{}}]})";
  const auto schema = ParseSchema(text);
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ(SchemaToJson(*schema), text);
  EXPECT_EQ(ParseSchema(SchemaToJson(*schema)).value(), *schema);
}

// Types of a newer Delta, of other writers, and impossible ones.
TEST(ParseSchema, AnUnknownTypeIsKeptAndRefusedWhereItIsNeeded) {
  for (const char* type :
       {"\"variant<x>\"", "\"interval day to second\"", "\"interval year\"",
        "\"geometry(OGC:CRS84)\"", R"({"type":"udt","class":"x"})", "\"decimal(39,0)\"",
        "\"decimal(5,6)\"", "\"decimal(x)\"", "\"decimal(99999999999,1)\""}) {
    const auto schema = ParseSchema(SchemaOf(type));
    ASSERT_THAT(schema, IsOk()) << type;
    EXPECT_EQ(ParseSchema(SchemaToJson(*schema)).value(), *schema);
    EXPECT_TRUE(HasUnknownType(schema->fields[0].type));
    const auto arrow = ToArrow(*schema);
    EXPECT_THAT(arrow, IsError(ErrorKind::kUnsupported));
    EXPECT_THAT(arrow, HasMessage("column 'a'"));
    EXPECT_NE(arrow.error().remedy.find("exclude"), std::string::npos);
  }
  EXPECT_THAT(ToArrow(ParseSchema(SchemaOf("\"geometry\"")).value()), HasMessage("type geometry"));
}

TEST(WithoutVoid, VoidColumnsAndFieldsAreLeftOut) {
  const auto read = [](const char* fields) {
    const auto schema = ParseSchema(std::string(R"({"type":"struct","fields":[)") + fields + "]}");
    return DataType{TypeId::kStruct, 0, 0, WithoutVoid(schema.value()).fields}.ToString();
  };
  EXPECT_EQ(read(R"({"name":"v","type":"void"},{"name":"a","type":"long"})"), "struct<a:long>");
  EXPECT_EQ(read(R"({"name":"s","type":{"type":"struct","fields":[{"name":"v","type":"void"},)"
                 R"({"name":"a","type":"long"}]}})"),
            "struct<s:struct<a:long>>");
  EXPECT_EQ(read(R"({"name":"s","type":{"type":"struct","fields":[{"name":"v","type":"void"}]}},)"
                 R"({"name":"a","type":"long"})"),
            "struct<a:long>");
  EXPECT_EQ(
      read(R"({"name":"l","type":{"type":"array","elementType":{"type":"struct","fields":[)"
           R"({"name":"v","type":"void"},{"name":"a","type":"long"}]},"containsNull":true}})"),
      "struct<l:array<struct<a:long>>>");
}

TEST(ParseSchema, BrokenTextIsCorrupt) {
  for (const char* text :
       {"", "{", "[]", "null", "\"struct\"", R"({"type":"struct"})",
        R"({"type":"struct","fields":[{}]})", R"({"type":"struct","fields":[{"name":"a"}]})",
        R"({"type":"struct","fields":[{"name":1,"type":"long"}]})",
        R"({"type":"array","elementType":"long"})"}) {
    EXPECT_THAT(ParseSchema(text), IsError(ErrorKind::kCorrupt)) << text;
  }
}

TEST(ParseSchema, NamesThatDifferByCaseOnlyAreCorrupt) {
  EXPECT_THAT(ParseSchema(R"({"type":"struct","fields":[{"name":"a","type":"long"},)"
                          R"({"name":"A","type":"long"}]})"),
              IsError(ErrorKind::kCorrupt));
}

TEST(WithoutMetadata, MetadataGoesAtEveryDepthAndNothingElse) {
  const std::string fields =
      R"({"name":"m","type":{"type":"map","keyType":"string","valueType":{"type":"struct",)"
      R"("fields":[{"name":"v","type":"long","nullable":false,"metadata":META}]},)"
      R"("valueContainsNull":false},"nullable":true,"metadata":META})";
  const auto with = [&](const std::string& metadata) {
    std::string text = R"({"type":"struct","fields":[)" + fields + "]}";
    for (size_t at; (at = text.find("META")) != std::string::npos;) text.replace(at, 4, metadata);
    return ParseSchema(text).value();
  };
  EXPECT_EQ(WithoutMetadata(with(R"({"comment":"secret"})")), with("{}"));
  EXPECT_EQ(SchemaToJson(WithoutMetadata(with(R"({"comment":"secret"})"))).find("secret"),
            std::string::npos);
}

TEST(ParseSchema, DeepNestingIsAnErrorNotACrash) {
  for (const int depth : {300, 100'000}) {
    std::string type;
    for (int i = 0; i < depth; ++i) type += R"({"type":"array","elementType":)";
    type += "\"long\"" + std::string(static_cast<size_t>(depth), '}');
    EXPECT_THAT(ParseSchema(SchemaOf(type)), IsError(ErrorKind::kCorrupt)) << depth;
  }
}

TEST(ParseSchema, HugeNumbersInMetadataDoNoHarm) {
  EXPECT_THAT(ParseSchema(R"({"type":"struct","fields":[{"name":"a","type":"long",)"
                          R"("metadata":{"n":123456789012345678901234567890}}]})"),
              IsOk());
}

TEST(TableSchema, FindsWithoutCase) {
  const auto schema = ParseSchema(SchemaOf("\"long\"")).value();
  EXPECT_NE(schema.Find("A"), nullptr);
  EXPECT_EQ(schema.Find("b"), nullptr);
}

TEST(ToArrow, TypesAreThoseOfTheContract) {
  const auto schema =
      ParseSchema(R"({"type":"struct","fields":[{"name":"t","type":"timestamp"},)"
                  R"x({"name":"n","type":"timestamp_ntz"},{"name":"d","type":"decimal(12,3)"},)x"
                  R"({"name":"m","type":{"type":"map","keyType":"string","valueType":"byte",)"
                  R"("valueContainsNull":true},"nullable":false}]})");
  const auto arrow = ToArrow(schema.value());
  ASSERT_THAT(arrow, IsOk());
  EXPECT_EQ((*arrow)->field(0)->type()->ToString(), "timestamp[us, tz=UTC]");
  EXPECT_EQ((*arrow)->field(1)->type()->ToString(), "timestamp[us]");
  EXPECT_EQ((*arrow)->field(2)->type()->ToString(), "decimal128(12, 3)");
  EXPECT_EQ((*arrow)->field(3)->type()->ToString(), "map<string, int8>");
  EXPECT_FALSE((*arrow)->field(3)->nullable());
}

TEST(ToArrow, VoidIsUnsupportedAndNamed) {
  const auto arrow = ToArrow(ParseSchema(SchemaOf("\"void\"")).value());
  EXPECT_THAT(arrow, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(arrow, HasMessage("column 'a'"));
}

TableSchema Columns(std::vector<std::pair<std::string, std::string>> columns) {
  std::string text;
  for (const auto& [name, type] : columns) {
    text += (text.empty() ? "" : ",") + std::string(R"({"name":")") + name + R"(","type":)" + type +
            "}";
  }
  return ParseSchema(R"({"type":"struct","fields":[)" + text + "]}").value();
}

TEST(DescribeSchemaChange, EqualSchemasDifferInNothing) {
  EXPECT_THAT(DescribeSchemaChange(Columns({{"a", "\"long\""}}), Columns({{"a", "\"long\""}})),
              ElementsAre());
}

TEST(DescribeSchemaChange, AddedChangedAndDroppedAreNamed) {
  EXPECT_THAT(
      DescribeSchemaChange(Columns({{"y", "\"integer\""}, {"z", "\"long\""}}),
                           Columns({{"y", "\"long\""}, {"x", "\"long\""}})),
      ElementsAre("column 'x' added", "column 'y' changed from int to long", "column 'z' dropped"));
}

TEST(DescribeSchemaChange, NestedPartsAreNamedByTheirPath) {
  const std::string before = R"({"type":"struct","fields":[{"name":"b","type":"long"}]})";
  const std::string after =
      R"({"type":"struct","fields":[{"name":"b","type":"long"},{"name":"c","type":"long"}]})";
  EXPECT_THAT(DescribeSchemaChange(Columns({{"a", before}}), Columns({{"a", after}})),
              ElementsAre("column 'a.c' added"));
}

TEST(DescribeSchemaChange, OrderNullabilityAndSpellingCount) {
  auto before = Columns({{"a", "\"long\""}, {"b", "\"long\""}});
  EXPECT_THAT(DescribeSchemaChange(before, Columns({{"b", "\"long\""}, {"a", "\"long\""}})),
              ElementsAre("columns reordered"));
  EXPECT_THAT(DescribeSchemaChange(before, Columns({{"a", "\"long\""}, {"B", "\"long\""}})),
              ElementsAre("column 'b' is now spelled 'B'"));
  auto after = before;
  after.fields[0].nullable = false;
  EXPECT_THAT(DescribeSchemaChange(before, after),
              ElementsAre("column 'a' may not be null any more"));
}

TEST(SchemaTest, MoreColumnsThanAnyTableHasAreRefused) {
  std::string json = R"({"type":"struct","fields":[)";
  for (int i = 0; i < 50'001; ++i) {
    json += fmt::format(R"({}{{"name":"c{}","type":"long"}})", i == 0 ? "" : ",", i);
  }
  EXPECT_THAT(ParseSchema(json + "]}"), testing::HasMessage("more than 50000 columns"));
}

}  // namespace
}  // namespace sluice::delta
