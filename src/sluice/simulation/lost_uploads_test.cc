#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/runtime/log.h"
#include "sluice/simulation/export_check.h"
#include "sluice/simulation/world.h"
#include "sluice/testing/matchers.h"

/// A store may drop pending uploads that a decision lists: a lifecycle rule, a cleared staging folder.
namespace sluice::simulation {
namespace {

using testing::Fault;
using ::testing::IsEmpty;

class LostUploads : public ::testing::Test {
 protected:
  LostUploads() : world(Table()) {
    spdlog::set_level(spdlog::level::off);
    for (int64_t hour = 1; hour <= 6; ++hour) {
      world.source.Append({{hour, (kEpoch + Minutes(60 * hour - 30)).micros,
                            fmt::format("row {}", hour), std::nullopt}});
    }
    world.clock->Set(kEpoch + Hours(6));
  }

  static config::Table Table() {
    config::Table table = AppendTable();
    table.append().chunk = Hours(2);
    return table;
  }

  /// Every pending upload is gone at the first completion; `then` happens at the same time.
  FaultPlan DropUploads(std::function<void()> then = {}) {
    return [this, then, done = false](int, const Call& call) mutable {
      if (done || call.operation != "CompleteUpload" || call.place != Place::kDestination) {
        return Fault::kNone;
      }
      done = true;
      std::vector<store::PendingUploadInfo> pending;
      EXPECT_TRUE(world.destination->ListUploads("", [&](const auto& upload) {
        pending.push_back(upload);
        return true;
      }));
      for (const auto& upload : pending) {
        EXPECT_TRUE(world.destination->AbortUpload(upload.key, upload.upload_id));
      }
      if (then) then();
      return Fault::kNone;
    };
  }

  std::string UploadOf(const store::Key& key) {
    std::string id;
    EXPECT_THAT(world.destination->ListUploads(key,
                                               [&](const auto& upload) {
                                                 id = upload.upload_id;
                                                 return true;
                                               }),
                testing::IsOk());
    return id;
  }

  std::vector<std::string> Faults() {
    world.RunUntilNothingNew();
    auto faults = CheckExport(world, ParquetRows(world.destination));
    for (auto& violation : world.watch->violations()) faults.push_back(std::move(violation));
    return faults;
  }

  std::vector<std::string> Pending() {
    std::vector<std::string> keys;
    EXPECT_TRUE(world.destination->ListUploads("", [&](const auto& upload) {
      keys.push_back(upload.key);
      return true;
    }));
    return keys;
  }

  /// The process is killed at the first call of that name at the destination.
  static FaultPlan KilledAt(std::string operation) {
    return [operation = std::move(operation)](int, const Call& call) {
      const bool is_it = call.operation == operation && call.place == Place::kDestination;
      return is_it ? Fault::kDieBefore : Fault::kNone;
    };
  }

  World world;
};

TEST_F(LostUploads, AreMadeAgainFromThePinnedVersion) {
  const auto report = world.Run(DropUploads());
  EXPECT_EQ(report.windows.size(), 3u);
  EXPECT_THAT(report.notes, ::testing::Contains(::testing::HasSubstr("were written again")));
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(LostUploads, VoidTheNumberWhereThePinnedVersionIsGoneAndNothingIsDoneOnTopOfIt) {
  const auto report = world.Run(DropUploads([this] {
    // Only what the first window read is gone: the next one could go on.
    world.source.Update([](const testing::Row& row) { return row.id <= 2; }, "changed");
    world.source.Vacuum();
  }));
  EXPECT_THAT(report.notes, ::testing::Contains(::testing::HasSubstr("was voided")));
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(LostUploads, ThatAreLostAgainAndAgainEndTheRunAndTheNextOneGoesOn) {
  const auto report = world.Run([this](int, const Call& call) {
    if (call.operation == "CompleteUpload" && call.place == Place::kDestination) {
      EXPECT_THAT(world.destination->AbortUpload(call.key, UploadOf(call.key)), testing::IsOk());
    }
    return Fault::kNone;
  });
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->kind, ErrorKind::kTransient);
  EXPECT_THAT(report.error->message, ::testing::HasSubstr("times in a row"));
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(LostUploads, OfARunThatWasKilledAreAbortedByTheNextOne) {
  world.Run(KilledAt("Finish"));
  ASSERT_THAT(Pending(), ::testing::Not(IsEmpty()));
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_THAT(Pending(), IsEmpty());
}

TEST_F(LostUploads, OfTwoRunsThatWereKilledAreAbortedByTheOneThatSettles) {
  world.Run(KilledAt("Finish"));
  world.wall->Advance(Minutes(10));
  world.Run(KilledAt("CompleteUpload"));
  ASSERT_THAT(Pending(), ::testing::SizeIs(::testing::Gt(1)));
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_THAT(Pending(), IsEmpty());
}

}  // namespace
}  // namespace sluice::simulation
