#include "sluice/exporter/session/place_credentials.h"

#include <gmock/gmock.h>

#include "sluice/testing/fake_catalog.h"

namespace sluice::exporter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PlaceCredentialsTest : public ::testing::Test {
 protected:
  PlaceCredentialsTest() {
    config_.folder = "/";
    config_.destination.url = "s3://out/exports";
    config_.destination.options.auth.catalog = true;
  }
  std::shared_ptr<aws::CredentialsSource> For(const char* place, StoreRole role) {
    if (!places_) {
      places_.emplace(std::make_shared<config::Config>(config_), catalog_);
    }
    return places_->For(store::ParseLocation(place, "/").value(), role);
  }

  config::Config config_;
  const std::shared_ptr<testing::FakeCatalog> catalog_ = std::make_shared<testing::FakeCatalog>();
  std::optional<PlaceCredentials> places_;
};

TEST_F(PlaceCredentialsTest, DestinationStateAndLedgerShareThem) {
  const auto given = For("s3://out/exports", StoreRole::kDestination);
  EXPECT_TRUE(given);
  EXPECT_EQ(For("s3://out/exports/_export_state", StoreRole::kState), given);
  EXPECT_EQ(For("s3://out/exports", StoreRole::kState), given);
  EXPECT_THAT(catalog_->paths(), ElementsAre("s3://out/exports, READ_WRITE"));
}

TEST_F(PlaceCredentialsTest, AStateElsewhereHasItsOwn) {
  config_.state = "s3://internal/state/_export_state";
  EXPECT_EQ(For("s3://internal/state/_export_state", StoreRole::kState),
            For("s3://internal/state", StoreRole::kState));
  EXPECT_THAT(catalog_->paths(), ElementsAre("s3://internal/state, READ_WRITE"));
}

TEST_F(PlaceCredentialsTest, ABucketIsAskedAboutWithThoseOfThePlaceInIt) {
  config_.state = "s3://internal/state/_export_state";
  const auto of_state = For("s3://internal/state/_export_state", StoreRole::kState);
  EXPECT_EQ(places_->ForBucket("internal", StoreRole::kState), of_state);
  EXPECT_EQ(places_->ForBucket("out", StoreRole::kDestination),
            For("s3://out/exports", StoreRole::kDestination));
}

TEST_F(PlaceCredentialsTest, APathIsReadWithItsOwn) {
  EXPECT_TRUE(For("s3://lake/events", StoreRole::kSource));
  EXPECT_THAT(catalog_->paths(), ElementsAre("s3://lake/events, READ"));
}

TEST_F(PlaceCredentialsTest, WhereTheConfigSaysOtherwiseThereAreNone) {
  config_.source.emplace().auth.profile = "lake";
  EXPECT_FALSE(For("s3://lake/events", StoreRole::kSource));
  EXPECT_FALSE(For("/lake/events", StoreRole::kDestination));
  EXPECT_THAT(catalog_->paths(), IsEmpty());
}

}  // namespace
}  // namespace sluice::exporter
