#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/catalog/catalog.h"
#include "sluice/config/config.h"
#include "sluice/exporter/session/source_folders.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/runtime/clock.h"

namespace sluice::exporter {

/// The tables of a config that only the catalog finds. One for all runs of a process, so that a table costs one
/// call a run although each run must know where all sources lie before it writes anything. Thread-safe.
class CatalogTables {
 public:
  /// `clock`: the machine's. What is learned goes to `sources`.
  CatalogTables(std::shared_ptr<catalog::Catalog> catalog,
                std::shared_ptr<const config::Config> config,
                std::shared_ptr<SourceFolders> sources, std::shared_ptr<runtime::Clock> clock);

  catalog::Catalog& catalog() const { return *catalog_; }

  /// What the catalog says of `table`, which has no path, now: asked anew for every try of a run, except that an
  /// answer of LearnAll that nobody has used serves once, while it is young.
  Result<catalog::CatalogTable> Find(const config::Table& table,
                                     const runtime::CancelToken& cancel);

  /// Asks where all tables without a path lie, once in the life of a process; others wait for that. Best effort and
  /// for some seconds: what cannot be learned, the table's own run reports, and that run makes sure that no export of
  /// the config lies in its source.
  void LearnAll(const runtime::CancelToken& cancel);

 private:
  struct Kept {
    catalog::CatalogTable table;
    int64_t asked = 0;  ///< on the clock's monotonic micros
  };

  Result<catalog::CatalogTable> Ask(const config::Table& table, const runtime::CancelToken& cancel);
  /// The answer that LearnAll kept, if it is not too old.
  std::optional<catalog::CatalogTable> TakeKept(const std::string& table);

  const std::shared_ptr<catalog::Catalog> catalog_;
  const std::shared_ptr<const config::Config> config_;
  const std::shared_ptr<SourceFolders> sources_;
  const std::shared_ptr<runtime::Clock> clock_;

  Mutex learning_;
  bool learned_ SLUICE_GUARDED_BY(learning_) = false;
  Mutex mutex_;
  std::map<std::string, Kept> kept_
      SLUICE_GUARDED_BY(mutex_);  ///< by the table's name in the config
};

/// The place that a catalog named. kUnsupported, naming the table, for one that sluice does not read.
Result<store::Location> LocationOf(const catalog::CatalogTable& table);

}  // namespace sluice::exporter
