#include "sluice/catalog/expected_tables.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice::catalog {
namespace {

constexpr size_t kWorthAListing = 8;
/// Tables that one page of a listing has to hold in the mean for the listing to be worth its requests.
constexpr size_t kLeastPerPage = 2;
/// How long a listing answers: a process that serves schedules asks for some tables hours later.
constexpr Duration kListingLasts = Minutes(5);

}  // namespace

ExpectedTables::ExpectedTables(const std::vector<TableName>& expected,
                               std::shared_ptr<const TablesApi> api,
                               std::shared_ptr<runtime::Clock> clock)
    : api_(std::move(api)), clock_(std::move(clock)) {
  const MutexLock lock(mutex_);
  for (const auto& name : expected) {
    schemas_[{name.catalog, name.schema}].expected.insert(name);
  }
  std::erase_if(schemas_,
                [](const auto& schema) { return schema.second.expected.size() < kWorthAListing; });
  for (auto& [name, schema] : schemas_) {
    schema.listing = std::make_shared<runtime::Renewal<int64_t>>();
  }
}

std::map<TableName, TableDescription> ExpectedTables::List(
    const SchemaName& schema, std::set<TableName> expected,
    const runtime::CancelToken& cancel) const {
  std::map<TableName, TableDescription> listed;
  const size_t most_pages = expected.size() / kLeastPerPage;
  std::string from;
  for (size_t pages = 0; pages < most_pages && !expected.empty(); ++pages) {
    auto page = api_->ListTables(schema.first, schema.second, from, cancel);
    if (!page) {
      spdlog::debug("{}.{}: not listed, so each table is asked for by itself: {}", schema.first,
                    schema.second, page.error().message);
      break;
    }
    for (auto& table : page->tables) {
      if (expected.erase(table.name) > 0) listed.emplace(table.name, std::move(table));
    }
    from = std::move(page->next);
    if (from.empty()) break;
  }
  return listed;
}

std::optional<TableDescription> ExpectedTables::Take(const TableName& name,
                                                     const runtime::CancelToken& cancel) {
  const SchemaName schema_name{name.catalog, name.schema};
  std::set<TableName> expected;
  std::shared_ptr<runtime::Renewal<int64_t>> listing;
  {
    const MutexLock lock(mutex_);
    const auto schema = schemas_.find(schema_name);
    if (schema == schemas_.end() || !schema->second.expected.contains(name)) return std::nullopt;
    expected = schema->second.expected;
    listing = schema->second.listing;
  }
  const auto listed_at = listing->Get(
      cancel, [](int64_t) { return true; },
      [&]() -> Result<int64_t> {
        auto listed = List(schema_name, expected, cancel);
        const MutexLock lock(mutex_);
        schemas_[schema_name].listed = std::move(listed);
        return clock_->MonotonicMicros();
      });
  const MutexLock lock(mutex_);
  Schema& schema = schemas_[schema_name];
  const auto found = schema.listed.find(name);
  const bool is_first = schema.expected.erase(name) > 0;
  if (found == schema.listed.end()) return std::nullopt;
  std::optional<TableDescription> table = std::move(found->second);
  schema.listed.erase(found);
  const bool is_new = listed_at && clock_->MonotonicMicros() - *listed_at < kListingLasts.micros;
  if (!is_first || !is_new || table->id.empty() || table->location.empty()) return std::nullopt;
  return table;
}

}  // namespace sluice::catalog
