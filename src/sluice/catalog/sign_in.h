#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/catalog/open_catalog.h"

namespace sluice::catalog {

/// Where the catalog is and who asks it. Holds secrets, which are registered with the log.
struct SignIn {
  std::string host;   ///< "https://host[:port]", without a slash at its end
  std::string token;  ///< this, or client_id and client_secret, or none of them
  std::string client_id, client_secret;
};

/// What `options`, the DATABRICKS_* variables and ~/.databrickscfg say, with the precedence of Databricks' SDKs: what
/// the config says, then variables, then the profile, each setting by itself. The profile is the one that `options`
/// or DATABRICKS_CONFIG_PROFILE names; without a name the file's default one is read where nothing else says who
/// asks. Where `options` name variables, those alone say who asks. kConfig for what is missing, for two ways to
/// sign in at once, for one that sluice does not know, and for a profile of another host than `options.url`.
Result<SignIn> FindSignIn(const CatalogOptions& options);

/// The sections of an INI file as Python's configparser reads it: names of settings in lower case, sections do not
/// take over settings from DEFAULT (which is how the SDKs read it).
std::map<std::string, std::map<std::string, std::string>> ParseIni(std::string_view text);

}  // namespace sluice::catalog
