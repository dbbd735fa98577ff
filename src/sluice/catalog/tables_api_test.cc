#include "sluice/catalog/tables_api.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/catalog/catalog_fixture.h"
#include "sluice/testing/raw_server.h"

/// Pages of the older API.
namespace sluice::catalog {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::HasSubstr;
using testing::IsError;
using testing::RawServer;

constexpr char kManaged[] = R"(,"properties":{"delta.feature.catalogManaged":"supported"})";
constexpr char kCommits[] = "GET /delta/preview/commits";

std::string Commit(int64_t version) {
  return fmt::format(
      R"({{"version":{},"timestamp":{},"file_name":"{:020}.0a0a0a0a-0000-4000-8000-00000000000a.json",)"
      R"("file_size":9,"file_modification_timestamp":1}})",
      version, version + 1000, version);
}
std::string Page(std::vector<int64_t> versions, int64_t latest) {
  std::vector<std::string> commits;
  for (const int64_t version : versions) commits.push_back(Commit(version));
  return fmt::format(R"({{"commits":[{}],"latest_table_version":{}}})", fmt::join(commits, ","),
                     latest);
}

class CommitPagesTest : public CatalogTest {
 protected:
  CommitPagesTest() {
    OnlyOlderApi();
    On("GET /tables/main.sales.events", 200, TableInfo("events", kManaged));
  }
  /// "first..last of latest" that the catalog returned; or the error.
  std::string Chain() {
    const auto table = Find();
    if (!table) return table.error().message;
    const auto& commits = table->commits->commits;
    const std::string range = commits.empty() ? "none"
                                              : fmt::format("{}..{}", commits.front().version.value,
                                                            commits.back().version.value);
    return fmt::format("{} of {}", range, table->commits->latest.value);
  }
  size_t Pages() {
    const auto asked = Asked();
    return static_cast<size_t>(std::count(asked.begin(), asked.end(), kCommits));
  }
};

TEST_F(CommitPagesTest, OnePageInAnyOrder) {
  On(kCommits, 200, Page({2, 3, 1}, 3));
  EXPECT_EQ(Chain(), "1..3 of 3");
}

TEST_F(CommitPagesTest, PagesAreJoined) {
  On(kCommits, 200, Page({1, 2}, 5));
  On(kCommits, 200, Page({4, 3}, 5));
  On(kCommits, 200, Page({5}, 5));
  EXPECT_EQ(Chain(), "1..5 of 5");
  EXPECT_EQ(Pages(), 3U);
}

TEST_F(CommitPagesTest, NextPageBeginsAfterTheLastCommit) {
  const auto answer = [](const std::string& body) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
  };
  RawServer server(
      {{{"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone",
         answer(TableInfo("events", kManaged)), answer(Page({7, 8}, 9)), answer(Page({9}, 9))}}});
  CatalogOptions options = Options();
  options.url = server.endpoint();
  ASSERT_TRUE(Open(options)->FindTable({"main", "sales", "events"}, {}));
  EXPECT_EQ(server.bodies().at(2),
            R"({"start_version":0,"table_id":"id-of-events","table_uri":"s3://lake/events"})");
  EXPECT_EQ(server.bodies().at(3),
            R"({"start_version":9,"table_id":"id-of-events","table_uri":"s3://lake/events"})");
}

TEST_F(CommitPagesTest, AllPublishedAndNeverCommitted) {
  On(kCommits, 200, Page({}, 41));
  EXPECT_EQ(Chain(), "none of 41");
  On(kCommits, 200, Page({}, -1));
  EXPECT_EQ(Chain(), "none of 41");
  EXPECT_EQ(Chain(), "none of 0") << "just created";
}

TEST_F(CommitPagesTest, CommitsPublishedBetweenTwoPagesAreAskedForAgain) {
  On(kCommits, 200, Page({1, 2}, 6));
  On(kCommits, 200, Page({5, 6}, 6));
  On(kCommits, 200, Page({5, 6}, 6));
  EXPECT_EQ(Chain(), "5..6 of 6");
}

TEST_F(CommitPagesTest, CommitAcceptedBetweenTwoPagesIsSeen) {
  On(kCommits, 200, Page({1, 2}, 3));
  On(kCommits, 200, Page({3, 4}, 4));
  EXPECT_EQ(Chain(), "1..4 of 4");
}

TEST_F(CommitPagesTest, HoleThatStaysIsCorrupt) {
  On(kCommits, 200, Page({1, 2}, 6));
  for (int i = 0; i < 3; ++i) {
    On(kCommits, 200, Page({5, 6}, 6));
    On(kCommits, 200, Page({1, 2}, 6));
  }
  EXPECT_THAT(Chain(), HasSubstr("a hole: 5 comes after 2"));
}

TEST_F(CommitPagesTest, PagesThatDoNotAdvanceEnd) {
  On(kCommits, 200, Page({1, 2}, 6));
  EXPECT_THAT(Chain(), HasSubstr("commit 1 twice"));
  EXPECT_LE(Pages(), 6U);
}

TEST_F(CommitPagesTest, ExpiredTokenBetweenTwoPagesIsAnErrorOfPermission) {
  On(kCommits, 200, Page({1, 2}, 6));
  On(kCommits, 401, R"({"error_code":"UNAUTHENTICATED","message":"expired"})");
  const auto found = Find();
  EXPECT_THAT(found, IsError(ErrorKind::kPermission));
  EXPECT_THAT(found, HasMessage("main.sales.events: its commits: the catalog does not accept"));
}

TEST_F(CommitPagesTest, ServerThatDoesNotTellCommitsIsNamed) {
  EXPECT_THAT(Find(), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(Find(), HasMessage("does not show them to others"));
}

TEST_F(CommitPagesTest, WithoutALatestVersionItIsCorrupt) {
  On(kCommits, 200, R"({"commits":[]})");
  EXPECT_THAT(Find(), HasMessage("latest version"));
}

// --- Listings

class ListingTest : public CatalogTest {
 protected:
  static std::string Target(const std::string& schema, const std::string& from = {}) {
    return "GET /tables?catalog_name=main&max_results=0" +
           (from.empty() ? "" : "&page_token=" + from) + "&schema_name=" + schema;
  }
  static std::string Page(const std::vector<std::string>& tables, const std::string& next) {
    return fmt::format(R"({{"tables":[{}],"next_page_token":"{}"}})", fmt::join(tables, ","), next);
  }
  /// "name: refusal" of each table.
  std::vector<std::string> Listed(const std::string& schema) {
    const auto listed = Open(Options())->ListTables("main", schema, {});
    if (!listed) return {listed.error().message};
    std::vector<std::string> lines;
    for (const auto& table : *listed) lines.push_back(table.name.ToString() + ": " + table.refusal);
    return lines;
  }
};

TEST_F(ListingTest, PagesAreJoinedAndSorted) {
  On(Target("sales"), 200, Page({TableInfo("zebra"), TableInfo("b")}, "a b"));
  On(Target("sales", "a%20b"), 200,
     Page({TableInfo("a"), TableInfo("v", R"(,"table_type":"VIEW")")}, ""));
  EXPECT_THAT(Listed("sales"), ElementsAre("main.sales.a: ", "main.sales.b: ",
                                           "main.sales.v: a view", "main.sales.zebra: "));
}

TEST_F(ListingTest, CatalogIsListedSchemaBySchema) {
  On("GET /schemas?catalog_name=main&max_results=0", 200,
     R"({"schemas":[{"name":"sales"},{"name":"information_schema"}],"next_page_token":"p"})");
  On("GET /schemas?catalog_name=main&max_results=0&page_token=p", 200,
     R"({"schemas":[{"name":"empty"}]})");
  On(Target("sales"), 200, Page({TableInfo("a")}, ""));
  On(Target("empty"), 200, "{}");
  EXPECT_THAT(Listed(""), ElementsAre("main.sales.a: "));
}

TEST_F(ListingTest, TokenThatExpiresBetweenTwoPagesIsSaid) {
  On(Target("sales"), 200, Page({TableInfo("a")}, "p"));
  On(Target("sales", "p"), 401, R"({"error_code":"UNAUTHENTICATED","message":"expired"})");
  EXPECT_THAT(Listed("sales").at(0),
              HasSubstr("main.sales: the catalog does not accept the token"));
}

TEST_F(ListingTest, CircleOfPagesEnds) {
  On(Target("sales"), 200, Page({}, "p"));
  On(Target("sales", "p"), 200, Page({}, "p"));
  EXPECT_THAT(Listed("sales").at(0), HasSubstr("pages go in a circle"));
}

TEST_F(ListingTest, EntryThatIsNotATableIsCorrupt) {
  On(Target("sales"), 200, R"({"tables":[7]})");
  EXPECT_THAT(Listed("sales").at(0), HasSubstr("does not describe a table"));
}

}  // namespace
}  // namespace sluice::catalog
