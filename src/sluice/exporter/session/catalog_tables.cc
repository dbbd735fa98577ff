#include "sluice/exporter/session/catalog_tables.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "sluice/runtime/executor.h"
#include "sluice/runtime/log.h"
#include "sluice/runtime/time_limit.h"

namespace sluice::exporter {
namespace {

using catalog::CatalogTable;

/// What a catalog says of the commits of a table holds for a moment.
constexpr Duration kYoungCommits = Seconds(10);
/// Where a table lies changes with the table alone.
constexpr Duration kYoungPlace = Minutes(10);
/// How long runs wait to learn where the sources of other tables lie.
constexpr Duration kLearning = Seconds(20);
constexpr int kAskedAtOnce = 8;

}  // namespace

CatalogTables::CatalogTables(std::shared_ptr<catalog::Catalog> catalog,
                             std::shared_ptr<const config::Config> config,
                             std::shared_ptr<SourceFolders> sources,
                             std::shared_ptr<runtime::Clock> clock)
    : catalog_(std::move(catalog)),
      config_(std::move(config)),
      sources_(std::move(sources)),
      clock_(std::move(clock)) {}

Result<CatalogTable> CatalogTables::Ask(const config::Table& table,
                                        const runtime::CancelToken& cancel) {
  SLUICE_ASSIGN_OR_RETURN(const auto name, catalog::ParseTableName(table.table));
  SLUICE_ASSIGN_OR_RETURN(CatalogTable found, catalog_->FindTable(name, cancel));
  SLUICE_ASSIGN_OR_RETURN(const store::Location at, LocationOf(found));
  sources_->Learn(table.table, at);
  return found;
}

std::optional<CatalogTable> CatalogTables::TakeKept(const std::string& table) {
  const MutexLock lock(mutex_);
  auto kept = kept_.extract(table);
  if (kept.empty()) return std::nullopt;
  const int64_t age = clock_->MonotonicMicros() - kept.mapped().asked;
  const Duration young = kept.mapped().table.commits ? kYoungCommits : kYoungPlace;
  if (age > young.micros) return std::nullopt;
  return std::move(kept.mapped().table);
}

Result<CatalogTable> CatalogTables::Find(const config::Table& table,
                                         const runtime::CancelToken& cancel) {
  if (auto kept = TakeKept(table.table)) return *std::move(kept);
  return Ask(table, cancel);
}

void CatalogTables::LearnAll(const runtime::CancelToken& cancel) {
  const MutexLock lock(learning_);
  if (std::exchange(learned_, true)) return;
  std::vector<const config::Table*> unknown;
  for (const auto& table : config_->tables) {
    if (!table.path) unknown.push_back(&table);
  }
  // A single one is asked for by its own run, with all the time that it has.
  if (unknown.empty() || config_->tables.size() == 1) return;
  const runtime::TimeLimit limit(cancel, kLearning);
  std::atomic<bool> unreachable{false};
  const Status asked =
      runtime::ParallelFor(unknown.size(), kAskedAtOnce, limit.token(), [&](size_t i) -> Status {
        if (unreachable) return {};
        auto found = Ask(*unknown[i], limit.token());
        if (!found) {
          spdlog::debug("{}: {}", unknown[i]->name, found.error().message);
          if (found.error().kind == ErrorKind::kTransient) unreachable = true;
          return {};
        }
        const MutexLock keep(mutex_);
        kept_.insert_or_assign(unknown[i]->table,
                               Kept{*std::move(found), clock_->MonotonicMicros()});
        return {};
      });
  if (!asked) spdlog::debug("where other sources lie: {}", asked.error().message);
}

Result<store::Location> LocationOf(const CatalogTable& table) {
  const std::string& text = table.location;
  const bool absolute =
      text.starts_with('/') || text.starts_with("file:/") || text.find("://") != std::string::npos;
  auto location = store::ParseLocation(text, "/");
  if (absolute && location) return location;
  return Fail(Error{ErrorKind::kUnsupported,
                    fmt::format("the catalog says that {} lies in '{}', which sluice does not read",
                                table.name.ToString(), text),
                    "export a copy of the table that lies in S3 or in a local folder"});
}

}  // namespace sluice::exporter
