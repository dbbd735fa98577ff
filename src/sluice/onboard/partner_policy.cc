#include "sluice/onboard/partner_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "sluice/ledger/ledger_path.h"
#include "sluice/plan/output_layout.h"

namespace sluice::onboard {
namespace {

constexpr std::string_view kGet = "s3:GetObject";
constexpr std::string_view kList = "s3:ListBucket";

/// Policies' patterns: '*' any characters, '?' one.
bool Matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    return Matches(pattern.substr(1), text) || (!text.empty() && Matches(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
         Matches(pattern.substr(1), text.substr(1));
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// Members that are a text or a list of texts.
std::vector<std::string> Texts(const Json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.get<std::string>());
  if (value.is_array()) {
    for (const auto& text : value) {
      if (text.is_string()) texts.push_back(text.get<std::string>());
    }
  }
  return texts;
}

const Json& Member(const Json& object, const char* name) {
  static const Json nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

/// One question to a policy: may the role do `action` on `resource`?
struct Question {
  std::string_view role;
  std::string_view action;
  std::string resource;
};

bool NamesRole(const Json& principal, std::string_view role) {
  const auto names = principal.is_object() ? Texts(Member(principal, "AWS")) : Texts(principal);
  const std::string account = ArnField(role, 4);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name == "*" || name == role || (!account.empty() && name == account) ||
           (!account.empty() && name.ends_with(":iam::" + account + ":root"));
  });
}

bool AnyMatches(const Json& patterns, std::string_view text) {
  const auto all = Texts(patterns);
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& pattern) { return Matches(pattern, text); });
}

/// Whether the statement speaks of what is asked, by member `name` or all but its Not...
template <typename Test>
bool Covers(const Json& statement, const std::string& name, Test test) {
  if (statement.contains(name)) return test(Member(statement, name.c_str()));
  const std::string negated = "Not" + name;
  return statement.contains(negated) && !test(Member(statement, negated.c_str()));
}

bool SpeaksOf(const Json& statement, const Question& question) {
  const auto actions = [&](const Json& patterns) {
    const auto all = Texts(patterns);
    return std::any_of(all.begin(), all.end(), [&](const auto& pattern) {
      return Matches(Lower(pattern), Lower(question.action));
    });
  };
  return Covers(statement, "Principal",
                [&](const Json& who) { return NamesRole(who, question.role); }) &&
         Covers(statement, "Action", actions) &&
         Covers(statement, "Resource",
                [&](const Json& what) { return AnyMatches(what, question.resource); });
}

bool AnyStatement(const std::vector<Json>& statements, const std::string& effect,
                  const Question& question) {
  return std::any_of(statements.begin(), statements.end(), [&](const Json& statement) {
    if (Member(statement, "Effect") != effect) return false;
    if (effect == "Deny" && statement.contains("Condition")) return false;
    return SpeaksOf(statement, question);
  });
}

Result<std::vector<Json>> Statements(std::string_view policy) {
  std::vector<Json> statements;
  if (policy.empty()) return statements;
  const Json document = Json::parse(policy, nullptr, false);
  if (!document.is_object()) {
    return Fail(Error{ErrorKind::kCorrupt, "the bucket's policy is not a JSON object",
                      "write the policy of the bucket again, or remove it"});
  }
  const Json& member = Member(document, "Statement");
  const Json list = member.is_object() ? Json::array({member}) : member;
  for (const auto& statement : list) {
    if (statement.is_object()) statements.push_back(statement);
  }
  return statements;
}

std::string BucketArn(const PartnerAccess& access) {
  std::string partition =
      access.partition.empty() ? ArnField(access.role_arn, 1) : access.partition;
  if (partition.empty()) partition = "aws";
  return fmt::format("arn:{}:s3:::{}", partition, access.bucket);
}

/// The folders above `key`, "" included: what somebody who clicks through them lists.
void AddAncestors(const std::string& key, std::set<std::string>& folders) {
  folders.insert("");
  for (size_t at = key.find('/'); at != std::string::npos; at = key.find('/', at + 1)) {
    folders.insert(key.substr(0, at));
    if (at + 1 < key.size()) folders.insert(key.substr(0, at + 1));
  }
}

}  // namespace

std::string PrefixOf(const store::Location& location) {
  return location.path.empty() ? "" : location.path + "/";
}

std::string KeyPattern(const std::string& key) { return key.ends_with('/') ? key + "*" : key; }

std::string ArnField(std::string_view arn, int field) {
  for (; field > 0 && !arn.empty(); --field) {
    const size_t colon = arn.find(':');
    arn.remove_prefix(colon == std::string_view::npos ? arn.size() : colon + 1);
  }
  return std::string(arn.substr(0, arn.find(':')));
}

PartnerAccess AccessOf(const std::string& role_arn, const store::Location& destination,
                       const store::Location& state,
                       const std::vector<const config::Table*>& tables) {
  PartnerAccess access;
  access.role_arn = role_arn;
  access.bucket = destination.bucket;
  access.prefix = PrefixOf(destination);
  for (const auto* table : tables) {
    for (const auto& folder : plan::DataFolders(table->pattern(), table->name)) {
      access.readable.push_back(access.prefix + folder);
    }
    access.readable.push_back(access.prefix + ledger::ManifestFolder(table->name));
    access.readable.push_back(access.prefix + ledger::PublishedHeartbeatKey(table->name));
  }
  const auto beside = state.Parent();
  if (state.bucket == access.bucket && beside) {
    access.internal = {PrefixOf(*beside) + ledger::LedgerFolder("*"), PrefixOf(state)};
  }
  return access;
}

std::vector<Json> PartnerRights(const PartnerAccess& access) {
  const std::string bucket = BucketArn(access);
  const auto arns = [&](const std::vector<std::string>& keys) {
    Json list = Json::array();
    for (const auto& key : keys) list.push_back(bucket + "/" + KeyPattern(key));
    return list;
  };
  Json prefixes = Json::array();
  std::set<std::string> above;
  for (const auto& key : access.readable) {
    prefixes.push_back(KeyPattern(key));
    AddAncestors(key, above);
  }
  std::vector<Json> statements = {
      {{"Sid", "PartnerReadsExports"},
       {"Effect", "Allow"},
       {"Action", kGet},
       {"Resource", arns(access.readable)}},
      {{"Sid", "PartnerListsExports"},
       {"Effect", "Allow"},
       {"Action", kList},
       {"Resource", bucket},
       {"Condition", {{"StringLike", {{"s3:prefix", std::move(prefixes)}}}}}},
      {{"Sid", "PartnerLooksThroughFolders"},
       {"Effect", "Allow"},
       {"Action", kList},
       {"Resource", bucket},
       {"Condition", {{"StringEquals", {{"s3:prefix", Json(above)}, {"s3:delimiter", "/"}}}}}},
      {{"Sid", "PartnerFindsTheRegion"},
       {"Effect", "Allow"},
       {"Action", "s3:GetBucketLocation"},
       {"Resource", bucket}}};
  if (!access.internal.empty()) {
    statements.push_back({{"Sid", "PartnerReadsNothingInternal"},
                          {"Effect", "Deny"},
                          {"Action", "s3:GetObject*"},
                          {"Resource", arns(access.internal)}});
  }
  return statements;
}

std::vector<Json> PartnerStatements(const PartnerAccess& access) {
  std::vector<Json> statements;
  for (const auto& right : PartnerRights(access)) {
    Json statement = Json::object();
    for (const auto& [key, value] : right.items()) {
      statement[key] = value;
      if (key == "Effect") statement["Principal"] = {{"AWS", access.role_arn}};
    }
    statements.push_back(std::move(statement));
  }
  return statements;
}

std::string PartnerStatementsText(const PartnerAccess& access) {
  std::string text;
  for (const auto& statement : PartnerStatements(access)) {
    text += (text.empty() ? "" : ",\n") +
            statement.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return text;
}

Result<bool> LetsEverybodyIn(std::string_view policy) {
  SLUICE_ASSIGN_OR_RETURN(const auto statements, Statements(policy));
  return std::any_of(statements.begin(), statements.end(), [](const Json& statement) {
    if (Member(statement, "Effect") != "Allow" || statement.contains("Condition")) return false;
    if (statement.contains("NotPrincipal")) return true;
    const Json& who = Member(statement, "Principal");
    const auto names = who.is_object() ? Texts(Member(who, "AWS")) : Texts(who);
    return std::find(names.begin(), names.end(), "*") != names.end();
  });
}

Result<PartnerGaps> FindPartnerGaps(std::string_view policy, const PartnerAccess& access) {
  SLUICE_ASSIGN_OR_RETURN(const auto statements, Statements(policy));
  const std::string bucket = BucketArn(access);
  const auto may = [&](std::string_view action, const std::string& resource) {
    const Question question{access.role_arn, action, resource};
    return AnyStatement(statements, "Allow", question) &&
           !AnyStatement(statements, "Deny", question);
  };
  const auto some_key = [&](std::string key) {
    std::replace(key.begin(), key.end(), '*', 'x');
    return bucket + "/" + (key.ends_with('/') ? key + "some-object" : key);
  };
  PartnerGaps gaps;
  for (const auto& key : access.readable) {
    if (!may(kGet, some_key(key))) gaps.unreadable.push_back(key);
  }
  gaps.cannot_list = !may(kList, bucket);
  for (const auto& key : access.internal) {
    if (!AnyStatement(statements, "Deny", {access.role_arn, kGet, some_key(key)})) {
      gaps.not_denied.push_back(key);
    }
  }
  return gaps;
}

}  // namespace sluice::onboard
