#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/catalog/table_description.h"
#include "sluice/catalog/tables_api.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/renewal.h"

namespace sluice::catalog {

/// Tables that are going to be asked for: where at least eight lie in one schema, the first question about one of them
/// lists the schema, which costs a request for each page instead of one for each table. What was listed answers the
/// first question about each name, for some minutes, and no second one: that one wants to know what is true now.
/// Thread-safe.
class ExpectedTables {
 public:
  ExpectedTables(const std::vector<TableName>& expected, std::shared_ptr<const TablesApi> api,
                 std::shared_ptr<runtime::Clock> clock);

  /// nullopt where the catalog has to be asked: also where a listing failed, or was given up because the schema has
  /// so many other tables that it would cost more than it saves.
  std::optional<TableDescription> Take(const TableName& name, const runtime::CancelToken& cancel);

 private:
  struct Schema {
    std::set<TableName> expected;  ///< not asked for yet
    std::map<TableName, TableDescription> listed;
    std::shared_ptr<runtime::Renewal<int64_t>>
        listing;  ///< when it was listed, by the monotonic clock
  };
  using SchemaName = std::pair<std::string, std::string>;

  /// Lists what lies in `schema`, as far as it is expected.
  std::map<TableName, TableDescription> List(const SchemaName& schema, std::set<TableName> expected,
                                             const runtime::CancelToken& cancel) const;

  const std::shared_ptr<const TablesApi> api_;
  const std::shared_ptr<runtime::Clock> clock_;
  Mutex mutex_;
  std::map<SchemaName, Schema> schemas_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::catalog
