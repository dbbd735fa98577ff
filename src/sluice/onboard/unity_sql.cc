#include "sluice/onboard/unity_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sluice/onboard/aws_commands.h"
#include "sluice/onboard/policies.h"

namespace sluice::onboard {
namespace {

std::string Quoted(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? std::string("``") : std::string(1, c);
  return quoted + "`";
}

/// main.crm.users -> `main`.`crm`.`users`
std::string QuotedParts(std::string_view name) {
  std::string quoted;
  while (true) {
    const size_t dot = name.find('.');
    quoted += Quoted(name.substr(0, dot));
    if (dot == std::string_view::npos) return quoted;
    quoted += '.';
    name.remove_prefix(dot + 1);
  }
}

std::string Literal(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += '\\';
    literal += c;
  }
  return literal + "'";
}

/// Each line of `text` as lines of a comment, broken between words where they would be longer than a screen is wide.
std::string Comment(std::string_view text) {
  constexpr size_t kColumns = 77;
  std::string comment;
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    while (line.size() > kColumns) {
      const size_t space = line.rfind(' ', kColumns);
      if (space == std::string_view::npos || line.find_first_not_of(' ') > space) break;
      comment += fmt::format("-- {}\n", line.substr(0, space));
      line.remove_prefix(space + 1);
    }
    comment += fmt::format("-- {}\n", line);
    if (end == text.size()) return comment;
    text.remove_prefix(end + 1);
  }
}

std::string Location(const std::string& name, const std::string& credential,
                     const store::Location& at) {
  return fmt::format(
      "CREATE EXTERNAL LOCATION IF NOT EXISTS {}\n  URL {}\n  WITH (STORAGE CREDENTIAL {});\n",
      Quoted(name), Literal(at.ToString()), Quoted(credential));
}

std::string StateTable(const Setup& setup) {
  if (setup.state.scheme != store::Location::Scheme::kS3) {
    return Comment(
        fmt::format("The state table is a local folder ({}), which Unity Catalog cannot reach.",
                    setup.state.ToString()));
  }
  return Comment(
             "The state table stays where sluice keeps it, as an external table. Run this after\n"
             "the first `sluice run`, which creates it.") +
         fmt::format("CREATE TABLE IF NOT EXISTS {}.{}.{}\n  USING DELTA\n  LOCATION {};",
                     Quoted(setup.catalog), Quoted(setup.schema), Quoted(setup.state.LastPart()),
                     Literal(setup.state.ToString()));
}

}  // namespace

std::string UnityCatalogSql(const Setup& setup) {
  const std::string credential = setup.schema;
  const Json body = {{"name", credential}, {"aws_iam_role", {{"role_arn", setup.databricks.arn}}}};
  std::string text =
      Comment(fmt::format(
          "SQL cannot create a storage credential. In the workspace: Catalog, External Data,\n"
          "Credentials, Create credential; or:\n"
          "  databricks storage-credentials create --json \\\n    {}\n"
          "It shows an external id. Put that into the role's trust policy:\n"
          "  sluice onboard --databricks-external-id ID",
          ShellWord(body.dump()))) +
      fmt::format("DESCRIBE STORAGE CREDENTIAL {};\n\n", Quoted(credential)) +
      Location(setup.schema, credential, setup.destination);
  const auto beside = setup.state.Parent();
  const bool apart = setup.state.scheme == store::Location::Scheme::kS3 && beside &&
                     !(setup.state.bucket == setup.destination.bucket &&
                       store::Contains(setup.destination, setup.state));
  if (apart) {
    text +=
        Comment("The state lies elsewhere: the credential's role needs the same rights there.") +
        Location(setup.schema + "_state", credential, setup.state);
  }
  text +=
      "\n" +
      Comment(
          "A managed location of its own, below the exports' folder. At the folder itself, tables "
          "of\n"
          "this schema would lie under __unitystorage among what the partner reads and transfers\n"
          "copy, and no export or state table could be made an external table: locations that\n"
          "overlap are refused.") +
      fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}\n  MANAGED LOCATION {};\n\n",
                  Quoted(setup.catalog), Quoted(setup.schema),
                  Literal(setup.ManagedFolder().ToString()));
  return text + StateTable(setup);
}

std::string ChangeFeedSql(const Setup& setup) {
  std::string text;
  for (const auto& need : setup.feeds) {
    if (!text.empty()) text += "\n";
    switch (need.kind) {
      case FeedNeed::Kind::kOn:
        text += Comment(need.table + ": the change data feed is on.");
        continue;
      case FeedNeed::Kind::kRowTracking:
        text +=
            Comment(need.table + ": changes are computed from row tracking; no feed is needed.");
        continue;
      case FeedNeed::Kind::kComparing:
        text += Comment(need.table + ": `changes: rows` compares rows; no feed is needed.");
        continue;
      case FeedNeed::Kind::kUnknown:
        text += Comment(fmt::format(
                    "{}: the source could not be read, so it is not known whether its change\n"
                    "feed is on: {}\nIf it is off:",
                    need.table, need.why)) +
                "-- ";
        break;
      case FeedNeed::Kind::kOff:
        text +=
            Comment(need.table + ": the change data feed is off. Changes are kept from here on.");
        break;
    }
    text += fmt::format("ALTER TABLE {} SET TBLPROPERTIES (delta.enableChangeDataFeed = true);\n",
                        QuotedParts(need.table));
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace sluice::onboard
