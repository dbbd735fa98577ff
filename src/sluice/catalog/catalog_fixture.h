#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/catalog/catalog.h"
#include "sluice/catalog/open_catalog.h"
#include "sluice/net/http_client.h"
#include "sluice/runtime/entropy.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/http_double.h"
#include "sluice/testing/matchers.h"

namespace sluice::catalog {

/// A home folder of its own, and no variable of Databricks' set but those of the test.
class SignInEnvironment {
 public:
  SignInEnvironment() {
    std::filesystem::create_directories(home_);
    Set("HOME", home_.string());
    for (const char* name :
         {"HOST", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", "CONFIG_PROFILE", "CONFIG_FILE",
          "AUTH_TYPE", "USERNAME", "PASSWORD", "METADATA_SERVICE_URL"}) {
      Set(std::string("DATABRICKS_") + name, "");
    }
  }
  ~SignInEnvironment() {
    for (const auto& [name, value] : before_) {
      value.first ? setenv(name.c_str(), value.second.c_str(), 1) : unsetenv(name.c_str());
    }
    std::filesystem::remove_all(home_);
  }
  SignInEnvironment(const SignInEnvironment&) = delete;
  SignInEnvironment& operator=(const SignInEnvironment&) = delete;

  void Set(const std::string& name, const std::string& value) {
    const char* old = std::getenv(name.c_str());
    before_.emplace(name, std::pair(old != nullptr, std::string(old != nullptr ? old : "")));
    setenv(name.c_str(), value.c_str(), 1);
  }
  void WriteProfiles(const std::string& text) { std::ofstream(home_ / ".databrickscfg") << text; }

 private:
  const std::filesystem::path home_ =
      std::filesystem::temp_directory_path() / ("sluice_catalog_" + std::to_string(getpid()));
  std::map<std::string, std::pair<bool, std::string>> before_;
};

/// A catalog server that answers each target as the test says, and one client of it.
class CatalogTest : public ::testing::Test {
 public:
  ~CatalogTest() override {
    catalog_.reset();
  }  // a server waits for connections that are kept open

 protected:
  static constexpr char kRoot[] = "/api/2.1/unity-catalog";
  static constexpr char kToken[] = "dapi-token-of-the-test";

  CatalogTest() {
    environment_.Set("SLUICE_TEST_TOKEN", kToken);
    server_.Always([this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, response);
    });
  }

  /// `target`: "GET /tables/a.b.c" below the API's root. Answers given for one target come one after the other; the
  /// last one stays.
  void On(const std::string& target, int status, const std::string& body,
          const httplib::Headers& headers = {}) {
    const MutexLock lock(mutex_);
    answers_[target].push_back({status, body, headers});
  }
  /// What a server without the newer API answers.
  void OnlyOlderApi(const std::string& catalog = "main") {
    On("GET /delta/v1/config?catalog=" + catalog + "&protocol-versions=1.0", 404,
       "Status: 404\nDescription: Not Found\n");
  }
  void NewerApi(const std::string& catalog = "main") {
    On("GET /delta/v1/config?catalog=" + catalog + "&protocol-versions=1.0", 200,
       R"({"endpoints":["GET /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}",)"
       R"("GET /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}/credentials",)"
       R"("PATCH /v7/of/which/nobody/{knows}"],"protocol-version":"1.0"})");
  }

  CatalogOptions Options() const {
    CatalogOptions options;
    options.url = server_.endpoint();
    options.token_env = "SLUICE_TEST_TOKEN";
    return options;
  }
  std::shared_ptr<Catalog> Open(const CatalogOptions& options) {
    auto catalog = OpenUnityCatalog(
        options,
        std::make_shared<const net::HttpClient>(net::HttpOptions{}, net::MakeConnectionPool(8)),
        clock_, runtime::SeededEntropy(1));
    EXPECT_THAT(catalog, testing::IsOk());
    return *catalog;
  }
  Result<CatalogTable> Find(const std::string& table = "events") {
    if (!catalog_) catalog_ = Open(Options());
    return catalog_->FindTable({"main", "sales", table}, {});
  }
  Result<aws::Credentials> ReadCredentials(const CatalogTable& table) {
    if (!catalog_) catalog_ = Open(Options());
    return catalog_->ReadCredentials(table)->Get({}, {});
  }
  /// The targets that were asked for, in order.
  std::vector<std::string> Asked() const {
    std::vector<std::string> asked;
    for (const auto& seen : server_.seen()) {
      const bool is_api = seen.target.starts_with(kRoot);
      asked.push_back(seen.method + " " +
                      (is_api ? seen.target.substr(std::string(kRoot).size()) : seen.target));
    }
    return asked;
  }

  SignInEnvironment environment_;
  std::shared_ptr<testing::FakeClock> clock_ =
      std::make_shared<testing::FakeClock>(Timestamp{1'800'000'000'000'000});
  std::shared_ptr<Catalog> catalog_;

 private:
  struct Reply {
    int status;
    std::string body;
    httplib::Headers headers;
  };

  void Answer(const httplib::Request& request, httplib::Response& response) {
    std::string target = request.target;
    if (target.starts_with(kRoot)) target.erase(0, std::string(kRoot).size());
    const MutexLock lock(mutex_);
    auto& replies = answers_[request.method + " " + target];
    const Reply reply = replies.empty() ? Reply{404, "no test answers this", {}} : replies.front();
    if (replies.size() > 1) replies.erase(replies.begin());
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) response.set_header(name.c_str(), value);
    // The double does not read the body of a GET, which would be taken for the next request.
    if (request.has_header("Content-Length") && request.method == "GET") {
      response.set_header("Connection", "close");
    }
    response.set_content(reply.body,
                         reply.body.starts_with("<") ? "text/html" : "application/json");
  }

  Mutex mutex_;
  std::map<std::string, std::vector<Reply>> answers_ SLUICE_GUARDED_BY(mutex_);

 protected:
  testing::HttpDouble server_;  // last: it is gone before what it answers from
};

/// What the older API answers about main.sales.TABLE; `more`: further members, with a comma in front.
inline std::string TableInfo(const std::string& table, const std::string& more = {}) {
  return R"({"name":")" + table +
         R"(","catalog_name":"main","schema_name":"sales","table_type":"EXTERNAL",)"
         R"("data_source_format":"DELTA","storage_location":"s3://lake/)" +
         table + R"(","table_id":"id-of-)" + table + "\"" + more + "}";
}

}  // namespace sluice::catalog
