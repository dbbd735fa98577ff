#pragma once

namespace sluice::delta {

/// Who says which commits a table has, and so which version is its latest.
enum class CommitAuthority {
  kLog,        ///< `_delta_log` alone: the table is reached by its path, no catalog was asked
  kLogByName,  ///< likewise: the catalog that resolved the table does not manage its commits
  kCatalog,    ///< the catalog, which does (PROTOCOL.md, "Catalog-managed tables")
};

}  // namespace sluice::delta
