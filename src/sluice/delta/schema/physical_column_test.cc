#include "sluice/delta/schema/physical_column.h"

#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using testing::HasMessage;
using testing::IsError;

const Field kColumn{"país", DataType{TypeId::kString, 0, 0, {}}, true, "{}"};

Result<std::optional<size_t>> Find(const std::vector<std::string>& names) {
  return FindPhysical(kColumn, names.size(), [&](size_t i) { return std::string_view(names[i]); });
}

TEST(FindPhysical, TheOneNameThatIsTheSameWithoutCaseIsFound) {
  EXPECT_EQ(Find({"id", "PAÍS"}).value(), 1u);
  EXPECT_EQ(Find({"país"}).value(), 0u);
  EXPECT_EQ(Find({"pais", "id"}).value(), std::nullopt);
}

TEST(FindPhysical, TwoNamesThatDifferByCaseAreRefusedAndNamed) {
  const auto found = Find({"país", "PAÍS"});
  EXPECT_THAT(found, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(found, HasMessage("'PAÍS'"));
}

TEST(FindPartitionValue, KeysAreFoundInAnyCaseAndTheExactOneFirst) {
  const PartitionValues values = {{"PAÍS", "es"}, {"other", std::nullopt}};
  EXPECT_EQ(**FindPartitionValue(values, kColumn).value(), "es");
  EXPECT_EQ(**FindPartitionValue({{"PAÍS", "es"}, {"país", "fr"}}, kColumn).value(), "fr");
  EXPECT_EQ(FindPartitionValue({{"pais", "x"}}, kColumn).value(), nullptr);
}

TEST(IsPartitionColumn, TheListIsComparedWithoutCase) {
  EXPECT_TRUE(IsPartitionColumn({"PAÍS"}, kColumn));
  EXPECT_FALSE(IsPartitionColumn({"id"}, kColumn));
}

}  // namespace
}  // namespace sluice::delta
