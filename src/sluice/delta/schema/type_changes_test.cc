#include "sluice/delta/schema/type_changes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

Status Check(const std::string& from, const std::string& to, const std::string& more = "") {
  TableSchema schema = ParseSchema(R"({"type":"struct","fields":[
    {"name":"n","type":"long","nullable":true,"metadata":{}}]})")
                           .value();
  schema.fields[0].metadata_json = fmt::format(
      R"({{"delta.typeChanges":[{{"fromType":"{}","toType":"{}"{}}}]}})", from, to, more);
  return CheckTypeChanges(schema);
}

TEST(TypeChanges, AllOfTheProtocolsListAreRead) {
  constexpr std::pair<const char*, const char*> kChanges[] = {{"byte", "short"},
                                                              {"byte", "integer"},
                                                              {"short", "long"},
                                                              {"integer", "long"},
                                                              {"float", "double"},
                                                              {"byte", "double"},
                                                              {"integer", "double"},
                                                              {"date", "timestamp_ntz"},
                                                              {"byte", "decimal(10,0)"},
                                                              {"integer", "decimal(12,2)"},
                                                              {"long", "decimal(20,0)"},
                                                              {"decimal(5,2)", "decimal(7,4)"},
                                                              {"decimal(5,2)", "decimal(9,2)"}};
  for (const auto& [from, to] : kChanges) EXPECT_THAT(Check(from, to), IsOk()) << from << to;
}

TEST(TypeChanges, OthersAreRefusedWithColumnAndTypes) {
  constexpr std::pair<const char*, const char*> kChanges[] = {{"long", "integer"},
                                                              {"long", "double"},
                                                              {"integer", "decimal(10,2)"},
                                                              {"long", "decimal(19,0)"},
                                                              {"string", "integer"},
                                                              {"date", "timestamp"},
                                                              {"decimal(5,2)", "decimal(6,4)"},
                                                              {"integer", "string"},
                                                              {"integer", "fromTheFuture"}};
  for (const auto& [from, to] : kChanges) {
    const auto status = Check(from, to);
    EXPECT_THAT(status, IsError(ErrorKind::kUnsupported)) << from << to;
    EXPECT_THAT(status, HasMessage("column 'n'"));
  }
}

TEST(TypeChanges, PathsOfPartsAreNamed) {
  EXPECT_THAT(Check("string", "long", R"(,"fieldPath":"element.key")"),
              HasMessage("'n.element.key'"));
}

}  // namespace
}  // namespace sluice::delta
