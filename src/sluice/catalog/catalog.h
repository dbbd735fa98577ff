#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/aws/credentials.h"
#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/catalog/table_name.h"
#include "sluice/delta/log/staged_commits.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::catalog {

/// A Delta table as the catalog describes it. Value type.
struct CatalogTable {
  TableName name;
  std::string id;  ///< UUID: another one for a table that was dropped and made again under its name
  std::string location;  ///< "s3://bucket/path" or a local folder, as the catalog wrote it
  /// Set where the catalog manages the table's commits (PROTOCOL.md, "Catalog-managed tables").
  std::optional<delta::StagedCommits> commits;
};

/// An entry of a listing: also what cannot be exported.
struct ListedTable {
  TableName name;
  std::string id, location;
  std::string
      refusal;  ///< "": it can be exported as far as the catalog knows; else why not, "a view"
};

/// Which credentials a path needs.
enum class PathAccess { kRead, kReadWrite };

/// What `check` shows of the way to a table: one step a line.
struct Step {
  std::string what;  ///< "token", "catalog main", "schema main.sales", "table", "credentials"
  Status outcome;    ///< the error of the step that failed; the steps after it are left out
};

/// One catalog server. Shared by all tables of a process; thread-safe; holds what it learned for as long as it
/// lives: which API the server speaks, tokens, credentials. Errors carry the table or path, the cause, and where a
/// grant is missing, its SQL:
///   kNotFound     the catalog, schema or table does not exist (or is hidden from who asks)
///   kPermission   not signed in, external access switched off, a grant missing
///   kUnsupported  a view, a stream, a share, a table with row filters or column masks, another format or cloud
///   kConfig       the URL, the certificate, a profile or variable is wrong
///   kTransient    no answer within the deadline; kCorrupt: an answer that is not one of a catalog
class Catalog {
 public:
  virtual ~Catalog() = default;

  /// Asks the server each time: what it says of a managed table's commits holds for this moment only.
  virtual Result<CatalogTable> FindTable(const TableName& name,
                                         const runtime::CancelToken& cancel) = 0;

  /// Credentials to read `table`, renewed before they expire. The same source for the same table id, another one
  /// for every other. Nothing is asked before they are used.
  virtual std::shared_ptr<aws::CredentialsSource> ReadCredentials(const CatalogTable& table) = 0;

  /// The same for what lies at or below `location`, which must be in an external location.
  virtual std::shared_ptr<aws::CredentialsSource> PathCredentials(const std::string& location,
                                                                  PathAccess access) = 0;

  /// All tables of a schema, or of a catalog where `schema` is empty, in the order of their names.
  virtual Result<std::vector<ListedTable>> ListTables(const std::string& catalog,
                                                      const std::string& schema,
                                                      const runtime::CancelToken& cancel) = 0;

  /// The way to a table step by step, up to the credentials.
  virtual std::vector<Step> Walk(const TableName& name, const runtime::CancelToken& cancel) = 0;
};

}  // namespace sluice::catalog
