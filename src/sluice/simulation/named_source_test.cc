#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/exporter/exporter.h"
#include "sluice/exporter/inspect/check.h"
#include "sluice/exporter/inspect/status.h"
#include "sluice/runtime/log.h"
#include "sluice/simulation/export_check.h"
#include "sluice/simulation/world.h"
#include "sluice/testing/fake_catalog.h"
#include "sluice/testing/managed_table.h"
#include "sluice/testing/matchers.h"

/// Sources that a catalog finds by their names, and manages.
namespace sluice::simulation {
namespace {

using exporter::RunReport;
using exporter::RunStatus;
using testing::CommitPlace;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kPlace = "s3://lake/source";

/// A world whose table has no path.
class NamedSource : public ::testing::TestWithParam<config::Pattern> {
 protected:
  explicit NamedSource(config::Pattern pattern = GetParam())
      : world(Table(pattern), {.properties = {{"delta.enableChangeDataFeed", "true"},
                                              {"delta.enableInCommitTimestamps", "true"}}}) {
    spdlog::set_level(spdlog::level::off);
    world.table.path.reset();
    world.catalog = catalog;
  }

  static config::Table Table(config::Pattern pattern) {
    if (pattern == config::Pattern::kAppend) return AppendTable();
    if (pattern == config::Pattern::kCdc) return FeedTable();
    config::Table table = SnapshotTable(5);
    table.snapshot().skip_unchanged = true;
    return table;
  }

  /// A row of that hour, and an hour later.
  void AppendHour(int64_t hour) {
    world.source.At(kEpoch + Hours(hour));
    world.source.Append({{hour, (kEpoch + Minutes(60 * hour - 30)).micros,
                          fmt::format("row {}", hour), std::nullopt}});
    world.clock->Set(kEpoch + Hours(hour));
  }
  /// The catalog manages the table, and its commits lie there.
  void Manage(const std::function<CommitPlace(Version)>& place, const std::string& id = "id-1") {
    testing::ManageOptions options;
    options.latest = world.source.version();
    options.place = place;
    testing::ManagedTable table = testing::Manage(*world.source.store(), options);
    world.source_store = table.store;
    catalog->Add(world.table.table, id, kPlace, std::move(table.commits));
  }
  RunStatus StatusOfRun() {
    const RunReport report = world.Run();
    EXPECT_FALSE(report.error) << report.error->message;
    return report.status;
  }
  Error ErrorOfRun() {
    const RunReport report = world.Run();
    EXPECT_EQ(report.status, RunStatus::kFailed);
    return report.error.value_or(Error{});
  }
  /// Nothing was written, not even a heartbeat.
  void ExpectNothingWritten() const {
    EXPECT_THAT(store::ListAll(*world.destination, "").value(), IsEmpty());
    EXPECT_THAT(store::ListAll(*world.state, "").value(), IsEmpty());
  }

  const std::shared_ptr<testing::FakeCatalog> catalog = std::make_shared<testing::FakeCatalog>();
  World world;
};

CommitPlace Published(Version) { return CommitPlace::kPublished; }
CommitPlace Staged(Version) { return CommitPlace::kStaged; }
CommitPlace Mixed(Version version) { return static_cast<CommitPlace>(version.value % 5); }

TEST_P(NamedSource, ManagedIsExportedOnceWhereverItsCommitsLie) {
  int64_t hour = 0;
  for (const auto& place : {Staged, Mixed, Published, Staged}) {
    AppendHour(++hour);
    Manage(place);
    EXPECT_EQ(StatusOfRun(), RunStatus::kExported);
    AppendHour(++hour);
    if (GetParam() == config::Pattern::kCdc) {
      world.source.Update([&](const testing::Row& row) { return row.id == hour - 1; }, "changed");
    }
    Manage(place);
    EXPECT_EQ(StatusOfRun(), RunStatus::kExported);
  }
  EXPECT_THAT(CheckExport(world, ParquetRows(world.destination)), IsEmpty());
}

TEST_P(NamedSource, StagedAndThenPublishedIsNothingNew) {
  AppendHour(1);
  Manage(Staged);
  ASSERT_EQ(StatusOfRun(), RunStatus::kExported);
  ASSERT_EQ(StatusOfRun(), RunStatus::kNothingNew);
  const auto calls = std::make_shared<int>(0);
  for (const auto& place : {Mixed, Published}) {
    Manage(place);
    EXPECT_EQ(world.Run({}, calls).status, RunStatus::kNothingNew);
    EXPECT_LE(*calls, 6) << "a note of the last run goes by what the catalog ratified";
  }
  AppendHour(2);
  Manage(Staged);
  EXPECT_EQ(StatusOfRun(), RunStatus::kExported);
}

TEST_P(NamedSource, CostsOneCallARun) {
  AppendHour(1);
  Manage(Staged);
  ASSERT_EQ(StatusOfRun(), RunStatus::kExported);
  EXPECT_EQ(catalog->asked(), 1);
  ASSERT_EQ(StatusOfRun(), RunStatus::kNothingNew);
  EXPECT_EQ(catalog->asked(), 2);
}

TEST_P(NamedSource, AnotherTableUnderItsNameIsRefused) {
  AppendHour(1);
  Manage(Staged);
  ASSERT_EQ(StatusOfRun(), RunStatus::kExported);
  ASSERT_EQ(StatusOfRun(), RunStatus::kNothingNew);
  Manage(Staged, "id-2");  // made again from the very same files
  const Error error = ErrorOfRun();
  EXPECT_EQ(error.kind, ErrorKind::kConflict);
  EXPECT_THAT(error.message, HasSubstr("id-1"));
  EXPECT_THAT(error.message, HasSubstr("id-2"));
  EXPECT_THAT(error.remedy, HasSubstr("sluice"));
  ASSERT_FALSE(exporter::StateForget(world.NewRunner(), world.table).error);
  EXPECT_EQ(StatusOfRun(), RunStatus::kExported);
}

TEST_P(NamedSource, ASilentCatalogIsTriedAgainLaterAndNothingIsWritten) {
  AppendHour(1);
  Manage(Staged);
  const auto name = catalog::ParseTableName(world.table.table).value();
  catalog->errors[name] = Error{ErrorKind::kTransient, "no answer", "try again"};
  EXPECT_EQ(ErrorOfRun().kind, ErrorKind::kTransient);
  ExpectNothingWritten();
  catalog->errors.clear();
  ASSERT_EQ(StatusOfRun(), RunStatus::kExported);
  catalog->errors[name] = Error{ErrorKind::kTransient, "no answer", "try again"};
  EXPECT_EQ(ErrorOfRun().kind, ErrorKind::kTransient);
  catalog->errors.clear();
  const auto status = exporter::StatusOf(world.NewRunner(), world.table);
  EXPECT_THAT(status.last_error, HasSubstr("no answer"));
}

TEST_P(NamedSource, ADestinationInItIsRefusedBeforeAnythingIsWritten) {
  AppendHour(1);
  Manage(Staged);
  auto& table = catalog->tables.begin()->second;
  for (const char* place : {"s3://export", "s3://export/_sluice/source"}) {
    table.location = place;
    const Error error = ErrorOfRun();
    EXPECT_EQ(error.kind, ErrorKind::kConfig);
    EXPECT_THAT(error.message, HasSubstr(world.table.table));
    const auto findings = exporter::CheckTable(world.NewRunner(), world.table);
    ExpectNothingWritten();
  }
}

TEST_P(NamedSource, ThatTheCatalogDoesNotManageIsReadFromItsLog) {
  AppendHour(1);
  catalog->Add(world.table.table, "id-1", kPlace);
  EXPECT_EQ(StatusOfRun(), RunStatus::kExported);
  EXPECT_THAT(CheckExport(world, ParquetRows(world.destination)), IsEmpty());
}

TEST_P(NamedSource, InAnotherKindOfPlaceIsRefusedByName) {
  AppendHour(1);
  catalog->Add(world.table.table, "id-1", "abfss://lake@host/t");
  const Error error = ErrorOfRun();
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("abfss://lake@host/t"));
}

TEST_P(NamedSource, APathInItsPlaceAsksNobody) {
  AppendHour(1);
  world.table.path = "s3://lake/elsewhere";
  EXPECT_EQ(StatusOfRun(), RunStatus::kExported);
  EXPECT_EQ(catalog->asked(), 0);
}

INSTANTIATE_TEST_SUITE_P(Patterns, NamedSource,
                         ::testing::Values(config::Pattern::kAppend, config::Pattern::kCdc,
                                           config::Pattern::kSnapshot),
                         [](const auto& tested) { return std::string(Name(tested.param)); });

class NamedAppend : public NamedSource {
 protected:
  std::vector<exporter::Finding> Check() {
    return exporter::CheckTable(world.NewRunner(), world.table);
  }
  static bool Says(const std::vector<exporter::Finding>& findings, exporter::Severity severity,
                   const std::string& part) {
    return std::any_of(findings.begin(), findings.end(), [&](const auto& finding) {
      return finding.severity == severity && finding.message.find(part) != std::string::npos;
    });
  }
};

TEST_P(NamedAppend, LateRowsOfStagedCommitsAreExportedOnce) {
  AppendHour(1);
  AppendHour(2);
  Manage(Staged);
  ASSERT_EQ(StatusOfRun(), RunStatus::kExported);
  world.source.Append({{77, (kEpoch + Minutes(10)).micros, "late", std::nullopt}});
  AppendHour(3);
  Manage(Mixed);
  const RunReport report = world.Run();
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.late_rows, 1);
  EXPECT_THAT(CheckExport(world, ParquetRows(world.destination)), IsEmpty());
}

TEST_P(NamedAppend, CheckWalksTheWayToTheTable) {
  AppendHour(1);
  Manage(Staged);
  const auto findings = Check();
  for (const char* step :
       {"token", "catalog main", "schema main.sales", "table", "credentials", "first read of"}) {
    EXPECT_TRUE(Says(findings, exporter::Severity::kOk, step)) << step;
  }
  catalog->errors[catalog::ParseTableName(world.table.table).value()] =
      Error{ErrorKind::kPermission, "SELECT is not granted", "GRANT SELECT"};
  const auto denied = Check();
  EXPECT_TRUE(Says(denied, exporter::Severity::kFault, "SELECT is not granted"));
  EXPECT_FALSE(Says(denied, exporter::Severity::kOk, "first read of"));
}

TEST_P(NamedAppend, CheckSaysWhereTheCatalogSaysOtherwiseThanThePath) {
  AppendHour(1);
  world.table.path = "s3://lake/elsewhere";
  EXPECT_TRUE(Says(Check(), exporter::Severity::kNote, "another place than `path`"));
  catalog->Add(world.table.table, "id-1", "s3://lake/elsewhere/");
  EXPECT_FALSE(Says(Check(), exporter::Severity::kWarning, "catalog"));
  catalog->Add(world.table.table, "id-1", kPlace);
  EXPECT_TRUE(Says(Check(), exporter::Severity::kWarning, kPlace));
}

INSTANTIATE_TEST_SUITE_P(Append, NamedAppend, ::testing::Values(config::Pattern::kAppend));

}  // namespace
}  // namespace sluice::simulation
