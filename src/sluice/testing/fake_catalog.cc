#include "sluice/testing/fake_catalog.h"

#include <utility>

namespace sluice::testing {

using catalog::CatalogTable;
using catalog::PathAccess;
using catalog::TableName;

void FakeCatalog::Add(const std::string& name, const std::string& id, const std::string& location,
                      std::optional<delta::StagedCommits> commits) {
  const TableName parsed = catalog::ParseTableName(name).value();
  tables.insert_or_assign(parsed, CatalogTable{parsed, id, location, std::move(commits)});
}

int FakeCatalog::asked(const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto found = asked_.find(catalog::ParseTableName(name).value());
  return found == asked_.end() ? 0 : found->second;
}

int FakeCatalog::asked() const {
  const MutexLock lock(mutex_);
  int all = 0;
  for (const auto& [name, times] : asked_) all += times;
  return all;
}

std::vector<std::string> FakeCatalog::paths() const {
  const MutexLock lock(mutex_);
  return paths_;
}

Result<CatalogTable> FakeCatalog::FindTable(const TableName& name,
                                            const runtime::CancelToken& cancel) {
  SLUICE_RETURN_IF_ERROR(cancel.Check());
  {
    const MutexLock lock(mutex_);
    ++asked_[name];
  }
  if (const auto error = errors.find(name); error != errors.end()) return Fail(error->second);
  const auto found = tables.find(name);
  if (found != tables.end()) return found->second;
  return Fail(Error{ErrorKind::kNotFound, "the catalog has no table " + name.ToString(),
                    "correct `table`"});
}

std::shared_ptr<aws::CredentialsSource> FakeCatalog::ReadCredentials(const CatalogTable& table) {
  return std::make_shared<ExpiringCredentials>(std::vector<std::string>{"key of " + table.id});
}

std::shared_ptr<aws::CredentialsSource> FakeCatalog::PathCredentials(const std::string& location,
                                                                     PathAccess access) {
  const bool writes = access == PathAccess::kReadWrite;
  const MutexLock lock(mutex_);
  paths_.push_back(location + (writes ? ", READ_WRITE" : ", READ"));
  return std::make_shared<ExpiringCredentials>(std::vector<std::string>{"key of " + location});
}

Result<std::vector<catalog::ListedTable>> FakeCatalog::ListTables(const std::string& catalog,
                                                                  const std::string& schema,
                                                                  const runtime::CancelToken&) {
  std::vector<catalog::ListedTable> listed;
  for (const auto& [name, table] : tables) {
    if (name.catalog != catalog || (!schema.empty() && name.schema != schema)) continue;
    listed.push_back({name, table.id, table.location, {}});
  }
  return listed;
}

std::vector<catalog::Step> FakeCatalog::Walk(const TableName& name, const runtime::CancelToken&) {
  std::vector<catalog::Step> steps{{"token", {}},
                                   {"catalog " + name.catalog, {}},
                                   {"schema " + name.catalog + "." + name.schema, {}}};
  const auto error = errors.find(name);
  if (error != errors.end()) {
    steps.push_back({"table", Fail(error->second)});
    return steps;
  }
  steps.push_back({"table", {}});
  steps.push_back({"credentials", {}});
  return steps;
}

Result<aws::Credentials> ExpiringCredentials::Get(std::string_view refused_key,
                                                  const runtime::CancelToken& cancel) {
  SLUICE_RETURN_IF_ERROR(cancel.Check());
  const MutexLock lock(mutex_);
  if (keys_[current_] == refused_key && current_ + 1 < keys_.size()) ++current_;
  return aws::Credentials{keys_[current_], "secret-of-the-test", "token-of-the-test", {}};
}

size_t ExpiringCredentials::given() const {
  const MutexLock lock(mutex_);
  return current_ + 1;
}

}  // namespace sluice::testing
