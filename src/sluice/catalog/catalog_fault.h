#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/catalog/table_name.h"

namespace sluice::catalog {

/// What a request is about, for messages and for the SQL of a grant.
struct Subject {
  std::string name;  ///< "main.sales.events", "s3://lake/export"; how a message begins
  std::optional<TableName> table;  ///< later parts are "" where it is about a schema or a catalog
  std::string location;            ///< where it is about credentials of a path
  std::string asker;               ///< who asks, as SQL calls them; "" where nobody knows
};

/// The subject that a name stands for; later parts may be "": main.sales, main.
Subject SubjectOf(const TableName& name);

/// An answer that is a refusal, in either of the forms: {error_code, message, details} of the older API and of
/// Databricks, {error: {type, message, code}} of the newer one. Texts are bounded, printable and without secrets.
struct CatalogFault {
  int status = 0;
  std::string
      code;  ///< "TABLE_NOT_FOUND", "NoSuchTableException"; "" for an answer in neither form
  std::string reason;  ///< of details[]: often the code once more, sometimes what says more
  std::string message;
  std::map<std::string, std::string> metadata;  ///< of details[]
};
CatalogFault ParseFault(int status, std::string_view body);

/// True where the server does not have what was called, as opposed to the table that was asked for.
bool IsRouteMissing(const CatalogFault& fault);
/// True where the newer API leaves a table to the older one.
bool IsUnsupportedFormat(const CatalogFault& fault);
/// True where the token was refused, which a new one may cure. External access that is switched off has this
/// status, too, and is not meant.
bool IsRefusedToken(const CatalogFault& fault);

/// Cause and remedy; where a grant is missing, its SQL. For kinds see catalog.h.
Error ToError(const CatalogFault& fault, const Subject& subject);

/// `part` of a name as SQL takes it: in backticks where it is not a plain word.
std::string SqlName(std::string_view part);

}  // namespace sluice::catalog
