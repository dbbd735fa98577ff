#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sluice/catalog/catalog_fixture.h"
#include "sluice/testing/source_dir.h"

/// The answers of a real server (tests/catalog/README.md) to what a client asks.
namespace sluice::catalog {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;

constexpr char kStorageOfOrders[] =
    "s3://lake/mc/__unitystorage/catalogs/46b02859-7681-4c98-9bad-fda30ec6b623/tables/"
    "1da328db-a05a-4d52-b49b-1efeca2608fd";

/// A target with its parameters in one order: pages of any length are the same question, and the server answered
/// for one catalog which calls it has.
std::string SameQuestion(std::string target) {
  const size_t catalog = target.find("config?catalog=mc&");
  if (catalog != std::string::npos) target.replace(catalog, 17, "config?catalog=main");
  const size_t mark = target.find('?');
  if (mark == std::string::npos) return target;
  std::vector<std::string> parameters;
  for (size_t at = mark + 1; at < target.size();) {
    const size_t end = std::min(target.find('&', at), target.size());
    std::string parameter = target.substr(at, end - at);
    if (!parameter.starts_with("max_results=")) parameters.push_back(std::move(parameter));
    at = end + 1;
  }
  std::sort(parameters.begin(), parameters.end());
  std::string same = target.substr(0, mark);
  for (const auto& parameter : parameters) same += "?" + parameter;
  return same;
}

class RecordedExchangesTest : public CatalogTest {
 protected:
  RecordedExchangesTest() {
    std::ifstream file(testing::SourceDir() / "tests/catalog/recorded_exchanges.json");
    exchanges_ = nlohmann::json::parse(file).at("exchanges");
    server_.Always([this](const httplib::Request& request, httplib::Response& response) {
      Replay(request, response);
    });
  }
  Result<CatalogTable> FindTable(const TableName& name) {
    if (!catalog_) catalog_ = Open(Options());
    return catalog_->FindTable(name, {});
  }
  /// The server as it would be without the newer API.
  void WithoutNewerApi() { is_old_ = true; }
  /// The first answer that was recorded for a question, instead of the last.
  void AtFirst() { is_at_first_ = true; }

 private:
  bool Matches(const nlohmann::json& recorded, const httplib::Request& request) const {
    if (recorded["method"] != request.method ||
        SameQuestion(recorded["path"]) != SameQuestion(request.target)) {
      return false;
    }
    return request.method != "POST" ||
           recorded["body"] == nlohmann::json::parse(request.body, nullptr, false);
  }
  void Replay(const httplib::Request& request, httplib::Response& response) {
    response.set_header("Connection", "close");  // the body of a GET is not read
    response.status = 404;
    response.set_content("Status: 404\nDescription: Not Found\n", "text/plain");
    if (is_old_ && request.target.find("/delta/v1/") != std::string::npos) return;
    for (const auto& exchange : exchanges_) {
      if (!Matches(exchange["request"], request)) continue;
      const auto& answer = exchange["response"];
      response.status = answer["status"];
      response.set_content(
          answer["body"].is_string() ? answer["body"].get<std::string>() : answer["body"].dump(),
          "application/json");
      if (is_at_first_) return;
    }
  }

  nlohmann::json exchanges_;
  bool is_old_ = false;
  bool is_at_first_ = false;
};

TEST_F(RecordedExchangesTest, ExternalTableByBothApis) {
  for (int api = 0; api < 2; ++api) {
    const auto table = FindTable({"main", "sales", "events"});
    ASSERT_THAT(table, IsOk());
    EXPECT_EQ(table->id, "b6d2ce34-91d4-41c0-81e3-b3b300bc1475");
    EXPECT_EQ(table->location, "s3://lake/events");
    EXPECT_FALSE(table->commits);
    const auto credentials = ReadCredentials(*table);
    ASSERT_THAT(credentials, IsOk());
    EXPECT_EQ(credentials->session_token, "TOKTEST");
    EXPECT_FALSE(credentials->expires);
    WithoutNewerApi();
    catalog_.reset();
  }
}

TEST_F(RecordedExchangesTest, ManagedTableByBothApis) {
  for (int api = 0; api < 2; ++api) {
    const auto table = FindTable({"mc", "sales", "orders"});
    ASSERT_THAT(table, IsOk());
    EXPECT_EQ(table->location, kStorageOfOrders);
    EXPECT_EQ(table->commits->latest, Version{3});
    ASSERT_THAT(table->commits->commits, SizeIs(1));
    EXPECT_EQ(table->commits->commits[0].file_name,
              "00000000000000000003.0a0a0a0a-0000-4000-8000-000000000003.json");
    EXPECT_EQ(table->commits->commits[0].size, 903);
    EXPECT_EQ(ReadCredentials(*table)->access_key, "AKTEST");
    WithoutNewerApi();
    catalog_.reset();
  }
}

TEST_F(RecordedExchangesTest, UnpublishedCommitsAreAscending) {
  AtFirst();
  const auto table = FindTable({"mc", "sales", "orders"});
  ASSERT_THAT(table, IsOk());
  ASSERT_THAT(table->commits->commits, SizeIs(3));
  EXPECT_EQ(table->commits->commits.front().version, Version{1});
  EXPECT_EQ(table->commits->commits.front().committed, Timestamp{1'795'836'951'000'000});
}

TEST_F(RecordedExchangesTest, WhatDoesNotExistIsNotFoundByBothApis) {
  for (int api = 0; api < 2; ++api) {
    EXPECT_THAT(FindTable({"main", "sales", "nope"}), IsError(ErrorKind::kNotFound));
    EXPECT_THAT(FindTable({"main", "sales", "nope"}), HasMessage("Table not found"));
    EXPECT_THAT(FindTable({"main", "nope", "events"}), HasMessage("Schema not found: main.nope"));
    EXPECT_THAT(FindTable({"nope", "sales", "events"}), HasMessage("Catalog not found: nope"));
    WithoutNewerApi();
    catalog_.reset();
  }
}

TEST_F(RecordedExchangesTest, ParquetTableIsRefusedByName) {
  EXPECT_THAT(FindTable({"main", "sales", "raw"}), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(FindTable({"main", "sales", "raw"}), HasMessage("a table in the format PARQUET"));
}

TEST_F(RecordedExchangesTest, BucketWithoutCredentialsIsNamedByBothApis) {
  for (int api = 0; api < 2; ++api) {
    const auto got = ReadCredentials({{"main", "sales", "elsewhere"},
                                      "6054b973-79ef-4a1a-a7cc-a84dba1f7e1b",
                                      "s3://other/x",
                                      {}});
    EXPECT_THAT(got, IsError(ErrorKind::kPermission));
    EXPECT_THAT(got, HasMessage("S3 bucket configuration not found"));
    WithoutNewerApi();
    catalog_.reset();
  }
}

TEST_F(RecordedExchangesTest, PathCredentials) {
  const auto catalog = Open(Options());
  const auto get = [&](const char* location, PathAccess access) {
    return catalog->PathCredentials(location, access)->Get({}, {});
  };
  EXPECT_THAT(get("s3://lake/export", PathAccess::kReadWrite), IsOk());
  EXPECT_THAT(get("s3://other/export", PathAccess::kRead), IsError(ErrorKind::kPermission));
  EXPECT_THAT(get(kStorageOfOrders, PathAccess::kRead), IsOk()) << "this server does not refuse it";
}

TEST_F(RecordedExchangesTest, ListingByPages) {
  const auto listed = Open(Options())->ListTables("main", "sales", {});
  // The recording ends with the second page.
  ASSERT_FALSE(listed);
  EXPECT_EQ(Asked().back(),
            "GET /tables?catalog_name=main&max_results=0&page_token=events&schema_name=sales");
}

}  // namespace
}  // namespace sluice::catalog
