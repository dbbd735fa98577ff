#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "sluice/catalog/catalog_fixture.h"
#include "sluice/runtime/log.h"

/// Both APIs together: which one is asked, what is kept, and how many requests it takes.
namespace sluice::catalog {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;

constexpr char kConfig[] = "GET /delta/v1/config?catalog=main&protocol-versions=1.0";
constexpr char kNewer[] = "GET /delta/v1/catalogs/main/schemas/sales/tables/events";
constexpr char kNewerCredentials[] =
    "GET /delta/v1/catalogs/main/schemas/sales/tables/events/credentials?operation=READ";
constexpr char kOlder[] = "GET /tables/main.sales.events";
constexpr char kOlderCredentials[] = "POST /temporary-table-credentials";
constexpr char kUnsupported[] =
    R"({"error":{"type":"UnsupportedTableFormatException","message":"not Delta","code":400}})";
constexpr char kNotFound[] =
    R"({"error":{"type":"NoSuchTableException","message":"Table not found","code":404}})";

std::string NewerTable(const std::string& more = R"("properties":{}},"commits":[])") {
  return R"({"metadata":{"table-type":"EXTERNAL","table-uuid":"an-id","location":"s3a://lake/events/",)" +
         more + "}";
}
std::string NewerCredentials(const std::string& key, int64_t expires_ms = 0) {
  return fmt::format(
      R"({{"storage-credentials":[{{"prefix":"s3://lake/events","operation":"READ",)"
      R"("expiration-time-ms":{},"config":{{"s3.access-key-id":"{}","s3.secret-access-key":"secret-{}",)"
      R"("s3.session-token":"session-{}"}}}}]}})",
      expires_ms, key, key, key);
}
std::string OlderCredentials(const std::string& key, const std::string& url) {
  return fmt::format(
      R"({{"aws_temp_credentials":{{"access_key_id":"{}","secret_access_key":"secret-{}",)"
      R"("session_token":"session-{}"}},"expiration_time":null,"url":"{}"}})",
      key, key, key, url);
}

class UnityCatalogTest : public CatalogTest {
 protected:
  size_t Requests(const std::string& target) const {
    const auto asked = Asked();
    return static_cast<size_t>(std::count(asked.begin(), asked.end(), target));
  }
};

// --- Which API

TEST_F(UnityCatalogTest, NewerApiIsAskedOncePerCatalogWhatItHas) {
  NewerApi();
  On(kNewer, 200, NewerTable());
  const auto table = Find();
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->id, "an-id");
  EXPECT_EQ(table->location, "s3://lake/events");
  EXPECT_FALSE(table->commits);
  ASSERT_THAT(Find(), IsOk());
  EXPECT_THAT(Asked(), ElementsAre(kConfig, kNewer, kNewer));
}

TEST_F(UnityCatalogTest, ServerWithoutTheNewerApiIsAskedByTheOlder) {
  OnlyOlderApi();
  On(kOlder, 200, TableInfo("events"));
  On(kOlderCredentials, 200, OlderCredentials("KEY", "s3://lake/events"));
  const auto table = Find();
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(ReadCredentials(*table)->access_key, "KEY");
  EXPECT_THAT(Asked(), ElementsAre(kConfig, kOlder, kOlderCredentials));
  EXPECT_EQ(server_.seen().back().body, R"({"operation":"READ","table_id":"id-of-events"})");
}

TEST_F(UnityCatalogTest, RouteThatIsNotListedIsNotAsked) {
  On(kConfig, 200,
     R"({"endpoints":["GET /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}", 7]})");
  On(kNewer, 200, NewerTable());
  On(kOlderCredentials, 200, OlderCredentials("KEY", "s3://lake/events"));
  EXPECT_EQ(ReadCredentials(*Find())->access_key, "KEY");
  EXPECT_EQ(Requests(kNewerCredentials), 0U);
}

TEST_F(UnityCatalogTest, ServerOfOtherVersionsIsAskedByTheOlder) {
  On(kConfig, 400, R"({"error":{"type":"InvalidParameterValueException","message":"no version"}})");
  On(kOlder, 200, TableInfo("events"));
  EXPECT_THAT(Find(), IsOk());
}

TEST_F(UnityCatalogTest, WhatTheNewerApiDoesNotTakeTheOlderNames) {
  NewerApi();
  On(kNewer, 400, kUnsupported);
  On(kOlder, 200, TableInfo("events", R"(,"table_type":"VIEW")"));
  EXPECT_THAT(Find(), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(Find(), HasMessage("main.sales.events: it is a view"));
  EXPECT_THAT(Find(), HasRemedy("copy its rows"));
}

TEST_F(UnityCatalogTest, ListedRouteThatIsMissingLeavesItToTheOlder) {
  NewerApi();
  On(kNewer, 404, "Status: 404\nDescription: Not Found\n");
  On(kOlder, 200, TableInfo("events"));
  EXPECT_THAT(Find(), IsOk());
}

TEST_F(UnityCatalogTest, MissingTableIsNotAskedForTwice) {
  NewerApi();
  On(kNewer, 404, kNotFound);
  EXPECT_THAT(Find(), IsError(ErrorKind::kNotFound));
  EXPECT_EQ(Requests(kOlder), 0U);
}

TEST_F(UnityCatalogTest, FailureToTellItsCallsIsNotKept) {
  On(kConfig, 403, R"({"error":{"type":"PermissionDeniedException","message":"USE CATALOG"}})");
  NewerApi();
  On(kNewer, 200, NewerTable());
  EXPECT_THAT(Find(), HasRemedy("GRANT USE CATALOG ON CATALOG main"));
  EXPECT_THAT(Find(), IsOk());
}

// --- Managed tables

TEST_F(UnityCatalogTest, CommitsOfAManagedTableComeWithIt) {
  NewerApi();
  On(kNewer, 200,
     NewerTable(R"("properties":{"delta.feature.catalogManaged":"supported"}},"commits":[)"
                R"({"version":8,"timestamp":2,"file-size":1,"file-modification-timestamp":3,)"
                R"("file-name":"00000000000000000008.0a0a0a0a-0000-4000-8000-000000000003.json"}],)"
                R"("latest-table-version":8)"));
  const auto table = Find();
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->commits->latest, Version{8});
  EXPECT_THAT(table->commits->commits, SizeIs(1));
}

TEST_F(UnityCatalogTest, ManagedTableWithoutALatestVersionIsCorrupt) {
  NewerApi();
  On(kNewer, 200,
     NewerTable(R"("properties":{"delta.feature.catalogManaged":"supported"}},"commits":[])"));
  EXPECT_THAT(Find(), IsError(ErrorKind::kCorrupt));
}

// --- Credentials

TEST_F(UnityCatalogTest, CredentialsAreSharedByTheStoresOfOneTable) {
  NewerApi();
  On(kNewer, 200, NewerTable());
  On(kNewerCredentials, 200, NewerCredentials("KEY1"));
  On(kNewerCredentials, 200, NewerCredentials("KEY2"));
  const auto table = Find();
  const auto source = catalog_->ReadCredentials(*table);
  EXPECT_EQ(source, catalog_->ReadCredentials(*table));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(source->Get({}, {})->access_key, "KEY1"); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(source->Get("KEY1", {})->access_key, "KEY2") << "refused by storage";
  EXPECT_EQ(Requests(kNewerCredentials), 2U);
}

TEST_F(UnityCatalogTest, TableThatWasMadeAnewHasCredentialsOfItsOwn) {
  CatalogTable table{{"main", "sales", "events"}, "one", "s3://lake/events", {}};
  catalog_ = Open(Options());
  const auto before = catalog_->ReadCredentials(table);
  table.id = "two";
  EXPECT_NE(before, catalog_->ReadCredentials(table));
}

TEST_F(UnityCatalogTest, CredentialsOutliveTheCatalog) {
  NewerApi();
  On(kNewer, 200, NewerTable());
  On(kNewerCredentials, 200, NewerCredentials("KEY1"));
  const auto source = Open(Options())->ReadCredentials(
      {{"main", "sales", "events"}, "an-id", "s3://lake/events", {}});
  EXPECT_EQ(source->Get({}, {})->access_key, "KEY1");
}

TEST_F(UnityCatalogTest, CredentialsOfAnotherPlaceAreRefusedWithTheTablesName) {
  NewerApi();
  On(kNewer, 200, NewerTable());
  On(kNewerCredentials, 200, NewerCredentials("KEY1"));
  auto table = *Find();
  table.location = "s3://lake/old-events";
  const auto got = ReadCredentials(table);
  EXPECT_THAT(got, IsError(ErrorKind::kPermission));
  EXPECT_THAT(got, HasMessage("main.sales.events: the credentials"));
}

TEST_F(UnityCatalogTest, IssuedSecretsAreHiddenFromTheLog) {
  NewerApi();
  On(kNewer, 200, NewerTable());
  On(kNewerCredentials, 200, NewerCredentials("HIDDEN"));
  ASSERT_THAT(ReadCredentials(*Find()), IsOk());
  EXPECT_EQ(runtime::Redact("secret-HIDDEN session-HIDDEN"), "*** ***");
}

TEST_F(UnityCatalogTest, PathCredentialsAreAskedForByAccess) {
  On("POST /temporary-path-credentials", 200, OlderCredentials("RW", "s3://lake/export"));
  catalog_ = Open(Options());
  const auto source = catalog_->PathCredentials("s3://lake/export", PathAccess::kReadWrite);
  EXPECT_EQ(source->Get({}, {})->access_key, "RW");
  EXPECT_EQ(server_.seen().back().body,
            R"({"operation":"PATH_READ_WRITE","url":"s3://lake/export"})");
  EXPECT_NE(source, catalog_->PathCredentials("s3://lake/export", PathAccess::kRead));
}

TEST_F(UnityCatalogTest, PathCredentialsOfAServerWithTheNewerApiOnly) {
  On("GET "
     "/delta/v1/temporary-path-credentials?location=s3%3A%2F%2Flake%2Fevents%2Fx&operation=READ",
     200, NewerCredentials("PATH"));
  On("GET "
     "/delta/v1/"
     "temporary-path-credentials?location=s3%3A%2F%2Flake%2Fevents%2Fx&operation=READ_WRITE",
     200, NewerCredentials("PATH"));
  catalog_ = Open(Options());
  const auto get = [&](PathAccess access) {
    return catalog_->PathCredentials("s3://lake/events/x", access)->Get({}, {});
  };
  EXPECT_EQ(get(PathAccess::kRead)->access_key, "PATH");
  EXPECT_THAT(get(PathAccess::kReadWrite), IsError(ErrorKind::kPermission)) << "for reading only";
}

// --- Few requests

class ExpectedTablesTest : public CatalogTest {
 protected:
  static constexpr int kPerPage = 50;

  /// A server with `tables` tables in main.sales, t000 to tNNN, and a client that expects the first `expected`.
  void Serve(int tables, int expected, const std::string& more = {}) {
    OnlyOlderApi();
    for (int first = 0; first < tables; first += kPerPage) {
      std::vector<std::string> page;
      for (int i = first; i < std::min(first + kPerPage, tables); ++i) {
        page.push_back(TableInfo(Name(i), more));
      }
      const bool is_last = first + kPerPage >= tables;
      On("GET /tables?catalog_name=main&max_results=0" +
             (first == 0 ? "" : fmt::format("&page_token={}", first)) + "&schema_name=sales",
         200,
         fmt::format(R"({{"tables":[{}],"next_page_token":{}}})", fmt::join(page, ","),
                     is_last ? "null" : fmt::format("\"{}\"", first + kPerPage)));
    }
    CatalogOptions options = Options();
    for (int i = 0; i < expected; ++i) {
      options.expected.push_back({"main", "sales", Name(i)});
      On("GET /tables/main.sales." + Name(i), 200, TableInfo(Name(i), more));
    }
    catalog_ = Open(options);
  }
  static std::string Name(int i) { return fmt::format("t{:03}", i); }
};

TEST_F(ExpectedTablesTest, TwoHundredTablesOfASchemaCostFourRequests) {
  Serve(200, 200);
  for (int i = 0; i < 200; ++i) {
    const auto table = Find(Name(i));
    ASSERT_THAT(table, IsOk());
    EXPECT_EQ(table->location, "s3://lake/" + Name(i));
    EXPECT_EQ(table->id, "id-of-" + Name(i));
  }
  EXPECT_THAT(Asked(), SizeIs(4));
}

TEST_F(ExpectedTablesTest, SecondQuestionIsAskedAgain) {
  Serve(200, 200);
  ASSERT_THAT(Find(Name(7)), IsOk());
  const size_t before = Asked().size();
  ASSERT_THAT(Find(Name(7)), IsOk());
  EXPECT_EQ(Asked().back(), "GET /tables/main.sales.t007");
  EXPECT_GT(Asked().size(), before);
}

TEST_F(ExpectedTablesTest, OldListingDoesNotAnswer) {
  Serve(200, 200);
  ASSERT_THAT(Find(Name(7)), IsOk());
  clock_->Advance(Minutes(10));
  ASSERT_THAT(Find(Name(8)), IsOk());
  EXPECT_EQ(Asked().back(), "GET /tables/main.sales.t008");
}

TEST_F(ExpectedTablesTest, FewTablesAreAskedForOneByOne) {
  Serve(200, 7);
  ASSERT_THAT(Find(Name(0)), IsOk());
  EXPECT_EQ(Asked().back(), "GET /tables/main.sales.t000");
}

TEST_F(ExpectedTablesTest, ListingThatCostsMoreThanItSavesIsGivenUp) {
  Serve(2000, 8);
  ASSERT_THAT(Find(Name(0)), IsOk());
  EXPECT_THAT(Asked(), SizeIs(1)) << "all eight were on the first page";
  CatalogOptions options = Options();
  for (int i = 0; i < 8; ++i) options.expected.push_back({"main", "sales", "zz" + Name(i)});
  On("GET /tables/main.sales.zzt000", 200, TableInfo("zzt000"));
  catalog_ = Open(options);
  ASSERT_THAT(Find("zzt000"), IsOk());
  EXPECT_THAT(Asked(), SizeIs(1 + 4 + 2)) << "four pages for eight tables, then the table itself";
}

TEST_F(ExpectedTablesTest, ManagedTableIsStillAskedForItsCommits) {
  Serve(10, 10, R"(,"properties":{"delta.feature.catalogManaged":"supported"})");
  On("GET /delta/preview/commits", 200, R"({"commits":[],"latest_table_version":12})");
  const auto table = Find(Name(0));
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->commits->latest, Version{12});
}

TEST_F(ExpectedTablesTest, FailedListingLeavesItToEachTable) {
  Serve(0, 10);
  ASSERT_THAT(Find(Name(0)), IsOk());
  ASSERT_THAT(Find(Name(1)), IsOk());
  EXPECT_THAT(Asked(), SizeIs(1 + 1 + 2)) << "one listing, one config, two tables";
}

TEST_F(ExpectedTablesTest, ThreadsShareOneListing) {
  Serve(100, 100);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] { EXPECT_THAT(Find(Name(i)), IsOk()); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(Asked(), SizeIs(2));
}

// --- Step by step

class WalkTest : public CatalogTest {
 protected:
  WalkTest() {
    OnlyOlderApi();
    On("GET /catalogs?max_results=1", 200, R"({"catalogs":[]})");
    On("GET /catalogs/main", 200, R"({"name":"main"})");
    On("GET /schemas/main.sales", 200, R"({"name":"sales"})");
    On(kOlder, 200, TableInfo("events"));
  }
  /// "what" of each step, with "!" where it failed.
  std::vector<std::string> Walked() {
    steps_ = Open(Options())->Walk({"main", "sales", "events"}, {});
    std::vector<std::string> walked;
    for (const auto& step : steps_) walked.push_back(step.what + (step.outcome ? "" : "!"));
    return walked;
  }
  std::vector<Step> steps_;
};

TEST_F(WalkTest, AllTheWay) {
  On(kOlderCredentials, 200, OlderCredentials("KEY", "s3://lake/events"));
  EXPECT_THAT(Walked(),
              ElementsAre("token", "catalog main", "schema main.sales", "table", "credentials"));
}

TEST_F(WalkTest, EndsAtTheStepThatFails) {
  On(kOlderCredentials, 403,
     R"({"error_code":"PERMISSION_DENIED","message":"User does not have EXTERNAL USE SCHEMA"})");
  EXPECT_THAT(Walked(),
              ElementsAre("token", "catalog main", "schema main.sales", "table", "credentials!"));
  EXPECT_THAT(steps_.back().outcome, HasRemedy("GRANT EXTERNAL USE SCHEMA ON SCHEMA main.sales"));
}

TEST_F(WalkTest, BadTokenIsTheFirst) {
  CatalogOptions options = Options();
  testing::HttpDouble closed;
  closed.Always(401, R"({"error_code":"UNAUTHENTICATED","message":"no"})");
  options.url = closed.endpoint();
  const auto steps = Open(options)->Walk({"main", "sales", "events"}, {});
  ASSERT_THAT(steps, SizeIs(1));
  EXPECT_THAT(steps[0].outcome, IsError(ErrorKind::kPermission));
}

TEST_F(WalkTest, MissingSchemaIsItsStep) {
  On("GET /schemas/main.sales", 404, R"({"error_code":"SCHEMA_NOT_FOUND","message":"no"})");
  (void)Walked();  // takes the answer of the fixture
  EXPECT_THAT(Walked(), ElementsAre("token", "catalog main", "schema main.sales!"));
}

}  // namespace
}  // namespace sluice::catalog
