#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/exporter/session/services.h"
#include "sluice/store/object_store.h"

/// What the credentials may do, right by right, for programs: `check` says the same to people, in fewer words.
namespace sluice::exporter {

enum class Right { kList, kRead, kWrite, kConditionalWrite, kMultipart, kDelete, kKms };
std::string_view Name(Right);  ///< "list", "read", "write", "conditional_write", ..

enum class Trial {
  kAllowed,
  kRefused,   ///< these credentials may not
  kFailed,    ///< something else is wrong
  kNotTried,  ///< nothing asks for it, or an earlier step has to come first
};
std::string_view Name(Trial);  ///< "allowed", "refused", "failed", "not_tried"

struct TriedRight {
  std::string subject;  ///< "destination", "state", or a table's full name
  std::string
      place;  ///< the location that was tried; the table's name where the catalog did not say
  Right right = Right::kList;
  Trial status = Trial::kNotTried;
  std::string message, fix;  ///< "" where there is nothing to say
};

/// Tries one place that is written to, under a name that nobody uses, and removes what it wrote. `key`: whether writes
/// ask for a key of KMS.
std::vector<TriedRight> TryWriting(store::ObjectStore& store, std::string_view random_hex16,
                                   bool key);
/// Tries a place that is only read: the log of a table.
std::vector<TriedRight> TryReading(const store::ObjectStore& store);

/// The destination, the folder of the state table where it is another one, and the sources of `tables`.
std::vector<TriedRight> TryRights(const Services& services,
                                  const std::vector<const config::Table*>& tables);

}  // namespace sluice::exporter
