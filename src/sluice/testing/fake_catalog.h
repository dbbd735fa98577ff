#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/aws/credentials.h"
#include "sluice/base/mutex.h"
#include "sluice/catalog/catalog.h"

namespace sluice::testing {

/// A catalog that knows the tables a test gave it. Thread-safe, as long as the test changes nothing meanwhile.
class FakeCatalog : public catalog::Catalog {
 public:
  /// By their names. A test may change them between runs.
  std::map<catalog::TableName, catalog::CatalogTable> tables;
  /// What it answers about a table instead.
  std::map<catalog::TableName, Error> errors;

  void Add(const std::string& name, const std::string& id, const std::string& location,
           std::optional<delta::StagedCommits> commits = {});
  /// How often FindTable was called for that name.
  int asked(const std::string& name) const;
  int asked() const;  ///< for any
  /// The places that credentials were asked for, with what they allow: "s3://b/x, READ_WRITE".
  std::vector<std::string> paths() const;

  Result<catalog::CatalogTable> FindTable(const catalog::TableName& name,
                                          const runtime::CancelToken& cancel) override;
  std::shared_ptr<aws::CredentialsSource> ReadCredentials(
      const catalog::CatalogTable& table) override;
  std::shared_ptr<aws::CredentialsSource> PathCredentials(const std::string& location,
                                                          catalog::PathAccess access) override;
  Result<std::vector<catalog::ListedTable>> ListTables(const std::string& catalog,
                                                       const std::string& schema,
                                                       const runtime::CancelToken& cancel) override;
  std::vector<catalog::Step> Walk(const catalog::TableName& name,
                                  const runtime::CancelToken& cancel) override;

 private:
  mutable Mutex mutex_;
  std::map<catalog::TableName, int> asked_ SLUICE_GUARDED_BY(mutex_);
  std::vector<std::string> paths_ SLUICE_GUARDED_BY(mutex_);
};

/// Credentials that expire: the first request with each key but the last is refused. `keys` in their order.
class ExpiringCredentials : public aws::CredentialsSource {
 public:
  explicit ExpiringCredentials(std::vector<std::string> keys) : keys_(std::move(keys)) {}
  Result<aws::Credentials> Get(std::string_view refused_key,
                               const runtime::CancelToken& cancel) override;
  size_t given() const;  ///< how many keys were given out

 private:
  const std::vector<std::string> keys_;
  mutable Mutex mutex_;
  size_t current_ SLUICE_GUARDED_BY(mutex_) = 0;
};

}  // namespace sluice::testing
