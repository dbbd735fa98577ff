#include "sluice/delta/log/table_state.h"

#include <gmock/gmock.h>

#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

Commit WithFeatures(int64_t version, std::vector<std::string> features) {
  Commit commit;
  commit.version = Version{version};
  commit.protocol = Protocol{3, 7, std::move(features), {}};
  return commit;
}

TEST(TableState, EachVersionIsJudgedByTheProtocolInForceThen) {
  TableState state;
  EXPECT_THAT(state.Take(WithFeatures(1, {"deletionVectors"}), "/lake/t"), IsOk());
  const auto refused = state.Take(WithFeatures(2, {"fromTheFuture"}), "/lake/t");
  EXPECT_THAT(refused, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(refused, HasMessage("/lake/t, version 2 needs a feature"));
  Commit rows;
  rows.version = Version{3};
  EXPECT_THAT(state.Take(rows, "/lake/t"), HasMessage("version 3"));
  EXPECT_THAT(state.Take(WithFeatures(4, {}), "/lake/t"), IsOk());
}

TEST(TableState, ASchemaThatCannotBeReadIsNamedWithItsVersion) {
  Commit commit;
  commit.version = Version{7};
  commit.metadata = Metadata();
  commit.metadata->schema_string = "{";
  TableState state;
  EXPECT_THAT(state.Take(commit, "/lake/t"), HasMessage("/lake/t, version 7"));
}

}  // namespace
}  // namespace sluice::delta
