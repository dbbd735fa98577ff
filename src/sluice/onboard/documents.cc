#include "sluice/onboard/documents.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/ledger/ledger_path.h"
#include "sluice/onboard/aws_commands.h"
#include "sluice/onboard/policies.h"
#include "sluice/onboard/terraform.h"
#include "sluice/onboard/unity_sql.h"

namespace sluice::onboard {
namespace {

/// Adds the forms of one document after another.
class Collector {
 public:
  explicit Collector(std::vector<Document>& all) : all_(all) {}

  /// What follows is of this name.
  void Begin(std::string name, Party who, std::string purpose) {
    next_ = {std::move(name), std::move(purpose), who, Kind::kText, ""};
  }
  void Add(Kind kind, std::string text) {
    Document document = next_;
    document.kind = kind;
    document.text = std::move(text);
    all_.push_back(std::move(document));
  }
  void AddJson(const Json& json) { Add(Kind::kJson, json.dump(2)); }

  /// A role: two documents as JSON, one as commands and as Terraform.
  void AddRole(const std::string& role, const Role& at, Party who, const std::string& purpose,
               const Json& trust, const Json& rights) {
    Begin(role + "-trust", who, purpose + " Who may assume the role.");
    AddJson(trust);
    Begin(role + "-policy", who, purpose + " What the role may do.");
    AddJson(rights);
    Begin(role + "-role", who, purpose);
    Add(Kind::kAws, RoleCommands(at.name, trust, rights));
    std::string label = "sluice_" + role;
    for (char& c : label) c = c == '-' ? '_' : c;
    Add(Kind::kTerraform, RoleResources(label, at.name, trust, rights));
  }

 private:
  std::vector<Document>& all_;
  Document next_;
};

std::string FolderRights(const Setup& setup) {
  std::string text = fmt::format(
      "The destination is a local folder:\n  {}\n"
      "Buckets, their policies, roles and external locations do not apply.\n"
      "Who reads the exports needs to read\n",
      setup.destination.ToString());
  for (const auto& folder : setup.local_readable) text += "  " + folder + "\n";
  return text + fmt::format("and must not read, nor anybody but sluice write,\n  {}\n  {}",
                            setup.state.ToString(),
                            setup.state.Parent()
                                ? setup.state.Parent()->Child(ledger::LedgerFolder("*")).ToString()
                                : ledger::LedgerFolder("*"));
}

void AddBucket(const Setup& setup, Collector& add) {
  add.Begin("bucket", Party::kAws,
            "Creates the bucket: public access blocked, encrypted, uploads that were begun "
            "more than 14 days ago aborted.");
  add.AddJson({{"PublicAccessBlockConfiguration", PublicAccessBlock()},
               {"ServerSideEncryptionConfiguration", DefaultEncryption(setup)},
               {"LifecycleConfiguration", Lifecycle(setup)}});
  add.Add(Kind::kAws, CreateBucketCommands(setup));
  add.Add(Kind::kTerraform, BucketResources(setup));
}

void AddBucketPolicies(const Setup& setup, Collector& add) {
  add.Begin("partner-policy-guide", Party::kAws,
            "The policy of the guide: the partner's role reads the whole bucket, state and "
            "ledger included. partner-policy is narrower.");
  add.AddJson(GuidePolicy(setup));
  add.Begin("partner-policy", Party::kAws,
            "The partner's role lists and reads the exports and their manifests and nothing "
            "else.");
  add.AddJson(PartnerPolicy(setup));
  const auto guard = GuardStatements(setup);
  if (!guard.empty()) {
    add.Begin("overwrite-guard", Party::kAws,
              "Refuses writes over the records that decide exports, whoever makes them. Parts of "
              "uploads are exempt, because they take no condition.");
    add.AddJson(Policy(guard));
  }
  const Json all = BucketPolicy(setup);
  add.Begin("bucket-policy", Party::kAws,
            "The whole policy of a bucket that serves nothing else: partner-policy and "
            "overwrite-guard.");
  add.AddJson(all);
  add.Add(Kind::kAws, BucketPolicyCommands(setup, all));
  add.Add(Kind::kTerraform, BucketPolicyResource(setup, all));
}

void AddPartner(const Setup& setup, Collector& add) {
  if (setup.encryption.type == config::Encryption::Type::kSseKms) {
    add.Begin("partner-key", Party::kAws,
              "Lets the partner's role decrypt: as JSON a statement for the policy of the key, "
              "otherwise a grant.");
    add.AddJson(PartnerKeyStatement(setup));
    add.Add(Kind::kAws, KeyGrantCommand(setup));
    add.Add(Kind::kTerraform, KeyGrantResource(setup));
  }
  if (!setup.partner_external_id.empty()) {
    add.AddRole(
        "partner-access", {"sluice-partner-access", "", setup.partner_external_id}, Party::kAws,
        "For a partner who reads under a role of yours: policies of buckets know no "
        "external id, roles do.",
        TrustPolicy(setup.partner.role_arn, setup.partner_external_id), PartnerRolePolicy(setup));
  }
}

void AddExporter(const Setup& setup, Collector& add) {
  add.AddRole("exporter", setup.exporter, Party::kAws, "The role under which sluice exports.",
              TrustPolicy(setup.runner, setup.exporter.external_id), ExporterPolicy(setup));
  if (setup.source_reader) {
    add.AddRole("source-reader", *setup.source_reader, Party::kAws,
                "The role under which sluice reads the sources.",
                TrustPolicy(setup.runner, setup.source_reader->external_id),
                SourceReaderPolicy(setup));
  }
}

void AddDatabricks(const Setup& setup, Collector& add) {
  add.AddRole("databricks", setup.databricks, Party::kAws,
              "The role of Unity Catalog's storage credential. Databricks asks that it may assume "
              "itself.",
              DatabricksTrust(setup), DatabricksPolicy(setup));
  add.Begin("unity-catalog", Party::kDatabricks,
            "Storage credential, external location, a schema, and the state table as an external "
            "table.");
  add.Add(Kind::kSql, UnityCatalogSql(setup));
  add.Add(Kind::kTerraform, UnityCatalogResources(setup));
}

void AddTransfers(const Setup& setup, Collector& add) {
  add.Begin("transfer-include", Party::kPartner,
            "objectConditions of a transfer (Google's Storage Transfer Service) whose source is "
            "this folder: what is exported.");
  add.AddJson(TransferIncludes(setup));
  add.Begin("transfer-exclude", Party::kPartner,
            "The same by what stays out, for a transfer of the whole folder. Use one of the two.");
  add.AddJson(TransferExcludes(setup));
}

}  // namespace

std::string_view Name(Kind kind) {
  switch (kind) {
    case Kind::kJson:
      return "json";
    case Kind::kAws:
      return "aws";
    case Kind::kTerraform:
      return "terraform";
    case Kind::kSql:
      return "sql";
    case Kind::kText:
      return "text";
  }
  return "text";
}

std::string_view Name(Party party) {
  switch (party) {
    case Party::kPartner:
      return "partner";
    case Party::kAws:
      return "aws";
    case Party::kDatabricks:
      return "databricks";
  }
  return "aws";
}

Result<std::vector<Document>> MakeDocuments(const Setup& setup) {
  std::vector<Document> all;
  Collector add(all);
  if (setup.in_bucket()) {
    const size_t length = BucketPolicy(setup).dump().size();
    if (length > kLongestBucketPolicy) {
      return Fail(
          Error{ErrorKind::kUnsupported,
                fmt::format("the policy for these tables would have {} bytes, and S3 takes {}",
                            length, kLongestBucketPolicy),
                "name fewer tables, or give each partner's tables a bucket of their own"});
    }
    AddBucket(setup, add);
    AddBucketPolicies(setup, add);
    AddPartner(setup, add);
    AddExporter(setup, add);
    AddDatabricks(setup, add);
  } else {
    add.Begin("folder", Party::kAws, "What applies to a local folder.");
    add.Add(Kind::kText, FolderRights(setup));
  }
  if (const std::string feeds = ChangeFeedSql(setup); !feeds.empty()) {
    add.Begin("change-feed", Party::kDatabricks,
              "Turns the change data feed on where a cdc table lacks it.");
    add.Add(Kind::kSql, feeds);
  }
  if (setup.in_bucket()) AddTransfers(setup, add);
  return all;
}

}  // namespace sluice::onboard
