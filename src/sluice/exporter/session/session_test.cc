#include "sluice/exporter/session/session.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "sluice/testing/matchers.h"

namespace sluice::exporter {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

Result<Places> Find(const std::string& destination, const std::string& source,
                    const std::string& state = {}) {
  config::Config config;
  config.folder = "/base";
  config.destination.url = destination;
  config.state = state;
  config::Table table;
  table.table = "main.sales.events";
  table.name = "events";
  table.options = config::AppendOptions{};
  table.path = source;
  config.tables.push_back(table);
  return FindPlaces(MakeServices(std::make_shared<config::Config>(std::move(config)),
                                 runtime::SystemClock(), runtime::CancelToken()));
}

TEST(FindPlacesTest, DestinationBesideTheSourceIsFine) {
  EXPECT_THAT(Find("s3://lake/export", "s3://lake/events"), IsOk());
  EXPECT_THAT(Find("s3://lake", "s3://lake/bronze/events"), IsOk());
  EXPECT_THAT(Find("/data/out", "/data/events"), IsOk());
}

TEST(FindPlacesTest, SourceAtARootHoldsEveryDestinationInIt) {
  EXPECT_THAT(Find("s3://lake/export", "s3://lake"), IsError(ErrorKind::kConfig));
  EXPECT_THAT(Find("s3://lake/export", "s3://lake"), HasMessage("main.sales.events"));
  EXPECT_THAT(Find("/data/out", "/"), IsError(ErrorKind::kConfig));
}

TEST(FindPlacesTest, StateInsideASourceIsRefused) {
  EXPECT_THAT(Find("s3://out/export", "s3://lake", "s3://lake/_export_state"),
              IsError(ErrorKind::kConfig));
  EXPECT_THAT(Find("s3://out", "s3://lake/events", "s3://lake/events/state"),
              IsError(ErrorKind::kConfig));
}

TEST(FindPlacesTest, SourceInsideAFolderThatIsWrittenToIsRefused) {
  EXPECT_THAT(Find("s3://lake", "s3://lake/events_incremental/events"),
              IsError(ErrorKind::kConfig));
  EXPECT_THAT(Find("s3://out", "s3://lake/state/events", "s3://lake/state"),
              HasMessage("which exports are written to"));
  EXPECT_THAT(Find("s3://lake", "s3://lake/_sluice/events"), IsError(ErrorKind::kConfig));
}

}  // namespace
}  // namespace sluice::exporter
