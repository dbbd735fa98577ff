#include "sluice/catalog/catalog_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "sluice/catalog/json_answer.h"
#include "sluice/runtime/log.h"

namespace sluice::catalog {
namespace {

/// Of what a server says, in a message.
constexpr size_t kMostWords = 500;

/// What a server says may hold anything, a secret that it was sent included.
std::string Words(std::string_view text) {
  std::string words;
  for (const char c : text.substr(0, kMostWords * 8)) {
    words += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  words = runtime::Redact(words);  // before it is cut: half a secret is not recognised
  if (words.size() > kMostWords) {
    words.resize(kMostWords);
    while (!words.empty() && (static_cast<unsigned char>(words.back()) & 0xc0) == 0x80) {
      words.pop_back();  // no half of a character
    }
    if (!words.empty() && static_cast<unsigned char>(words.back()) >= 0xc0) words.pop_back();
    words += "...";
  }
  return words;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return c == '_' ? ' ' : static_cast<char>(std::toupper(c));
  });
  return upper;
}

bool Says(const CatalogFault& fault, std::string_view words) {
  return Upper(fault.code + " " + fault.reason + " " + fault.message).find(words) !=
         std::string::npos;
}

/// What the server said, for the end of a message.
std::string Quote(const CatalogFault& fault) {
  std::string said = fault.code.empty() ? fmt::format("HTTP status {}", fault.status) : fault.code;
  if (!fault.reason.empty() && fault.reason != fault.code) said += ", " + fault.reason;
  if (!fault.message.empty()) said += ": " + fault.message;
  return said;
}

bool IsSwitchedOff(const CatalogFault& fault) {
  if (fault.status != 400 && fault.status != 401 && fault.status != 403) return false;
  const auto is = [](const std::string& name) {
    return name.find("_CREDENTIALS_DENIED") != std::string::npos &&
           name.find("EXTERNAL") != std::string::npos;
  };
  return is(fault.code) || is(fault.reason) || is(fault.message) ||
         Says(fault, "EXTERNAL ACCESS IS NOT ENABLED") || Says(fault, "EXTERNAL ACCESS ENABLED") ||
         // The newer API sends no reason, only this sentence.
         Says(fault, "FROM OUTSIDE OF DATABRICKS");
}

struct Privilege {
  std::string_view name;
  std::string_view type;  ///< of what it is granted on
};
/// The longest first, for some names hold others.
constexpr std::array<Privilege, 9> kPrivileges{{{"EXTERNAL USE LOCATION", "EXTERNAL LOCATION"},
                                                {"EXTERNAL USE SCHEMA", "SCHEMA"},
                                                {"USE CATALOG", "CATALOG"},
                                                {"USE SCHEMA", "SCHEMA"},
                                                {"WRITE FILES", "EXTERNAL LOCATION"},
                                                {"READ FILES", "EXTERNAL LOCATION"},
                                                {"MODIFY", "TABLE"},
                                                {"SELECT", "TABLE"},
                                                {"BROWSE", "CATALOG"}}};

/// Where `words` stand in `text` by themselves, not within a longer word; npos: nowhere.
size_t FindWords(const std::string& text, std::string_view words) {
  const auto is_letter = [&](size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  size_t at = text.find(words);
  while (at != std::string::npos &&
         ((at > 0 && is_letter(at - 1)) || is_letter(at + words.size()))) {
    at = text.find(words, at + 1);
  }
  return at;
}

/// The privileges that `text` names.
std::vector<Privilege> PrivilegesIn(std::string text) {
  std::vector<Privilege> found;
  for (const auto& privilege : kPrivileges) {
    size_t at = FindWords(text, privilege.name);
    if (at != std::string::npos) found.push_back(privilege);
    for (; at != std::string::npos; at = FindWords(text, privilege.name)) {
      text.replace(at, privilege.name.size(), "-");
    }
  }
  return found;
}

/// "main.sales" of a server: each part as SQL takes it. "" for what is not a name.
std::string SqlOfServersName(const std::string& name) {
  constexpr size_t kLongestName = 800;
  if (name.empty() || name.size() > kLongestName) return {};
  std::string sql;
  size_t start = 0;
  while (true) {
    const size_t dot = name.find('.', start);
    const std::string part = name.substr(start, dot - start);
    if (part.empty()) return {};
    sql += (sql.empty() ? "" : ".") + SqlName(part);
    if (dot == std::string::npos) return sql;
    start = dot + 1;
  }
}

/// What `privilege` is to be granted on: by what was asked for.
std::string ObjectOf(const Privilege& privilege, const Subject& subject) {
  if (privilege.type == "EXTERNAL LOCATION") {
    return subject.location.empty()
               ? "`<the external location that holds the table>`"
               : "`<the external location that holds " + subject.location + ">`";
  }
  if (!subject.table) return "`<name>`";
  std::string name = SqlName(subject.table->catalog);
  if (privilege.type != "CATALOG") name += "." + SqlName(subject.table->schema);
  if (privilege.type == "TABLE") name += "." + SqlName(subject.table->table);
  return name;
}

std::string GrantSql(const Privilege& privilege, const std::string& object,
                     const Subject& subject) {
  return fmt::format(
      "GRANT {} ON {} {} TO {}", privilege.name, privilege.type, object,
      subject.asker.empty() ? "`<user or service principal>`" : SqlName(subject.asker));
}

std::string MetadataOf(const CatalogFault& fault, const char* name) {
  const auto found = fault.metadata.find(name);
  return found == fault.metadata.end() ? std::string() : found->second;
}

/// The SQL of the grants that the answer names.
std::vector<std::string> GrantsThatLack(const CatalogFault& fault, const Subject& subject) {
  auto named = PrivilegesIn(
      Upper(MetadataOf(fault, "msg") + " " + MetadataOf(fault, "privilege") + " " + fault.reason));
  if (named.empty()) named = PrivilegesIn(Upper(fault.message));
  const std::string type = Upper(MetadataOf(fault, "resourceType"));
  const std::string object = SqlOfServersName(MetadataOf(fault, "resourceName"));
  std::vector<std::string> grants;
  for (const auto& privilege : named) {
    const bool is_named = type == privilege.type && !object.empty();
    grants.push_back(
        GrantSql(privilege, is_named ? object : ObjectOf(privilege, subject), subject));
  }
  return grants;
}

/// What reading a table from outside takes.
std::vector<std::string> AllGrants(const Subject& subject) {
  std::vector<std::string> grants;
  if (!subject.table) {
    return {GrantSql(kPrivileges[0], ObjectOf(kPrivileges[0], subject), subject)};
  }
  for (const std::string_view name :
       {"USE CATALOG", "USE SCHEMA", "SELECT", "EXTERNAL USE SCHEMA"}) {
    const auto privilege = *std::find_if(kPrivileges.begin(), kPrivileges.end(),
                                         [&](const auto& known) { return known.name == name; });
    const bool is_below = (privilege.type == "TABLE" && subject.table->table.empty()) ||
                          (privilege.type == "SCHEMA" && subject.table->schema.empty());
    if (!is_below) grants.push_back(GrantSql(privilege, ObjectOf(privilege, subject), subject));
  }
  return grants;
}

Error Denied(const CatalogFault& fault, const Subject& subject) {
  const auto grants = GrantsThatLack(fault, subject);
  if (!grants.empty()) {
    return {ErrorKind::kPermission,
            fmt::format("{}: a grant is missing ({})", subject.name, Quote(fault)),
            fmt::format("run {}; EXTERNAL USE is not part of ALL PRIVILEGES, and only the owner of "
                        "the catalog or "
                        "external location grants it",
                        fmt::join(grants, "; "))};
  }
  return {ErrorKind::kPermission,
          fmt::format("{}: the catalog denies access without saying which grant is missing ({})",
                      subject.name, Quote(fault)),
          fmt::format("run those of these that are missing: {}. A table with row filters, column "
                      "masks or a policy "
                      "that covers it is denied in the same way: export a copy without them",
                      fmt::join(AllGrants(subject), "; "))};
}

Error NotFound(const CatalogFault& fault, const Subject& subject) {
  if (fault.code.empty() || fault.code == "ENDPOINT_NOT_FOUND") {
    return {ErrorKind::kConfig,
            fmt::format("{}: the server does not have the API of Unity Catalog ({})", subject.name,
                        Quote(fault)),
            "check that `catalog.url` is the URL of the workspace or of a Unity Catalog server"};
  }
  const bool is_credential = !subject.location.empty();
  return {ErrorKind::kNotFound,
          fmt::format("{}: the catalog does not have it, or hides it from who asks ({})",
                      subject.name, Quote(fault)),
          is_credential ? "check the path, and that it lies in an external location of this catalog"
                        : fmt::format("correct the name; if it is right, run {}",
                                      fmt::join(AllGrants(subject), "; "))};
}

Error Refused(const CatalogFault& fault, const Subject& subject) {
  const std::string what =
      fmt::format("{}: the catalog refused the request ({})", subject.name, Quote(fault));
  if (Says(fault, "LOCATION OVERLAP") || Says(fault, "MANAGED STORAGE") ||
      Says(fault, "MANAGED LOCATION")) {
    return {ErrorKind::kUnsupported,
            fmt::format("{}: it lies in storage that the catalog manages, for which it issues no "
                        "path credentials "
                        "({})",
                        subject.name, Quote(fault)),
            "choose a folder in an external location, outside of every managed location"};
  }
  if (Says(fault, "ROW FILTER") || Says(fault, "COLUMN MASK") || Says(fault, "ROW COLUMN ACCESS") ||
      Says(fault, "ABAC POLIC")) {
    return {ErrorKind::kUnsupported,
            fmt::format("{}: row filters, column masks or a policy cover the table, so that its "
                        "files may not be "
                        "read ({})",
                        subject.name, Quote(fault)),
            "export a copy of the table that they do not cover"};
  }
  if (Says(fault, "BUCKET CONFIGURATION") || Says(fault, "FAILED PRECONDITION") ||
      Says(fault, "STORAGE CREDENTIAL")) {
    return {ErrorKind::kPermission,
            fmt::format("{}: the catalog has no credentials for this storage ({})", subject.name,
                        Quote(fault)),
            "configure credentials for this bucket in the catalog (an external location with its "
            "storage "
            "credential), or set `path`, and `source.auth` with credentials of your own"};
  }
  if (IsUnsupportedFormat(fault)) {
    return {ErrorKind::kUnsupported, what, "export a Delta table: sluice reads no other format"};
  }
  return {ErrorKind::kConfig, what, "correct the name or path that is asked for"};
}

void ReadDetails(const Json& details, CatalogFault& fault) {
  constexpr size_t kMostDetails = 16;
  if (!details.is_array()) return;
  for (size_t i = 0; i < std::min(details.size(), kMostDetails); ++i) {
    if (fault.reason.empty()) fault.reason = Words(Text(details[i], "reason"));
    const Json* metadata = Member(details[i], "metadata");
    if (metadata == nullptr || !metadata->is_object()) continue;
    for (const auto& [name, value] : metadata->items()) {
      if (fault.metadata.size() >= kMostDetails) return;
      if (value.is_string()) fault.metadata.emplace(Words(name), Words(value.get<std::string>()));
    }
  }
}

}  // namespace

Subject SubjectOf(const TableName& name) {
  Subject subject;
  subject.name = name.catalog;
  if (!name.schema.empty()) subject.name += "." + name.schema;
  if (!name.table.empty()) subject.name = name.ToString();
  subject.table = name;
  return subject;
}

CatalogFault ParseFault(int status, std::string_view body) {
  CatalogFault fault;
  fault.status = status;
  const auto json = ParseJson(body);
  if (!json || !json->is_object()) return fault;
  if (const Json* error = Member(*json, "error"); error != nullptr && error->is_object()) {
    fault.code = Words(Text(*error, "type"));
    fault.message = Words(Text(*error, "message"));
    return fault;
  }
  fault.code = Words(Text(*json, "error_code"));
  fault.message = Words(Text(*json, "message"));
  if (const Json* details = Member(*json, "details")) ReadDetails(*details, fault);
  return fault;
}

bool IsRouteMissing(const CatalogFault& fault) {
  if (fault.status == 501 || fault.status == 405) return true;
  if (fault.status != 404) return false;
  // Any other code is about what was asked for: a table, a schema, an external location.
  return fault.code.empty() || Upper(fault.code).find("ENDPOINT") != std::string::npos;
}

bool IsUnsupportedFormat(const CatalogFault& fault) {
  return fault.code == "UnsupportedTableFormatException";
}

bool IsRefusedToken(const CatalogFault& fault) {
  return fault.status == 401 && !IsSwitchedOff(fault);
}

std::string SqlName(std::string_view part) {
  const bool is_word = !part.empty() && std::all_of(part.begin(), part.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
  if (is_word) return std::string(part);
  std::string quoted = "`";
  for (const char c : part) {
    if (c == '`') quoted += '`';
    quoted += c;
  }
  return quoted + "`";
}

Error ToError(const CatalogFault& fault, const Subject& subject) {
  if (IsSwitchedOff(fault)) {
    return {
        ErrorKind::kPermission,
        fmt::format("{}: access from outside of Databricks is switched off for the metastore ({})",
                    subject.name, Quote(fault)),
        "have an admin of the metastore switch on \"External data access\" in its details (Catalog "
        "Explorer); the token is not the cause"};
  }
  if (fault.status == 401) {
    return {
        ErrorKind::kPermission,
        fmt::format("{}: the catalog does not accept the token ({})", subject.name, Quote(fault)),
        "renew the token that `catalog.auth` names, and check that it is one of the workspace at "
        "`catalog.url`"};
  }
  if (fault.status == 403) {
    if (Says(fault, "ROW FILTER") || Says(fault, "COLUMN MASK")) return Refused(fault, subject);
    return Denied(fault, subject);
  }
  if (fault.status == 404) return NotFound(fault, subject);
  if (fault.status == 409) {
    return {ErrorKind::kConflict,
            fmt::format("{}: the catalog reports a conflict ({})", subject.name, Quote(fault)),
            "run again"};
  }
  if (fault.status == 408 || fault.status == 429 || (fault.status >= 500 && fault.status != 501)) {
    return {
        ErrorKind::kTransient,
        fmt::format("{}: the catalog cannot answer now ({})", subject.name, Quote(fault)),
        fault.status == 429 ? "run again later, or fewer tables at one time" : "run again later"};
  }
  if (fault.status == 501 || fault.status == 405) {
    return {ErrorKind::kUnsupported,
            fmt::format("{}: the catalog does not offer what this needs ({})", subject.name,
                        Quote(fault)),
            "update the catalog server, or set `path` and credentials of your own"};
  }
  return Refused(fault, subject);
}

}  // namespace sluice::catalog
