#include "sluice/delta/schema/physical_column.h"

#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using testing::HasMessage;
using testing::IsError;

const Field kColumn{"país", DataType{TypeId::kString, 0, 0, {}}, true, "{}"};

TEST(ToWanted, NamesAndIdsOfFilesReachFieldsOfStructsInListsAndMaps) {
  Field inner{"city", DataType{TypeId::kString, 0, 0, {}}, true, "{}", "col-2", 7};
  const DataType row{TypeId::kStruct, 0, 0, {inner}};
  const Field element{"element", row, true, "{}"};
  const Field column{"places", DataType{TypeId::kArray, 0, 0, {element}}, true, "{}", "col-1"};
  const auto wanted = ToWanted(column).value();
  EXPECT_EQ(wanted.stored_name, "col-1");
  EXPECT_EQ(wanted.field_id, std::nullopt);
  const auto& city = wanted.parts.at(0).parts.at(0);
  EXPECT_EQ(city.stored_name, "col-2");
  EXPECT_EQ(city.field_id, 7);
}

TEST(ToWanted, WithoutMappingFilesCallColumnsAsTheTableDoes) {
  EXPECT_EQ(ToWanted(kColumn).value().stored_name, "país");
}

TEST(FindPartitionValue, KeysAreFoundInAnyCaseAndTheExactOneFirst) {
  const PartitionValues values = {{"PAÍS", "es"}, {"other", std::nullopt}};
  EXPECT_EQ(**FindPartitionValue(values, kColumn).value(), "es");
  EXPECT_EQ(**FindPartitionValue({{"PAÍS", "es"}, {"país", "fr"}}, kColumn).value(), "fr");
  EXPECT_EQ(FindPartitionValue({{"pais", "x"}}, kColumn).value(), nullptr);
}

TEST(FindPartitionValue, MappedColumnsAreFoundByTheirPhysicalName) {
  Field mapped = kColumn;
  mapped.physical_name = "col-9";
  EXPECT_EQ(**FindPartitionValue({{"col-9", "es"}, {"país", "fr"}}, mapped).value(), "es");
}

TEST(FindPartitionValue, TwoNamesThatDifferByCaseAreRefusedAndNamed) {
  const PartitionValues values = {{"PAÍS", "es"}, {"paÍS", "fr"}};
  const auto found = FindPartitionValue(values, kColumn);
  EXPECT_THAT(found, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(found, HasMessage("'PAÍS'"));
}

TEST(IsPartitionColumn, TheListIsComparedWithoutCase) {
  EXPECT_TRUE(IsPartitionColumn({"PAÍS"}, kColumn));
  EXPECT_FALSE(IsPartitionColumn({"id"}, kColumn));
}

}  // namespace
}  // namespace sluice::delta
