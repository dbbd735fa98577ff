#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/onboard/partner_policy.h"
#include "sluice/store/location.h"

/// Everything that the documents of `onboard` depend on. Value types; pure.
namespace sluice::onboard {

/// What the config does not say; "" where it was not given.
struct Options {
  std::string account;                 ///< 12 digits: the account of the destination's bucket
  std::string runner;                  ///< ARN of who assumes the exporter's role
  std::string databricks_role;         ///< name of the role of the storage credential
  std::string databricks_external_id;  ///< what Databricks shows for that credential
  std::string catalog, schema;         ///< of Unity Catalog, for the state table
};

/// Whether the change feed of a cdc table has to be turned on.
struct FeedNeed {
  enum class Kind {
    kOn,           ///< it is on
    kOff,          ///< it is needed and off
    kRowTracking,  ///< changes are computed from row tracking
    kComparing,    ///< changes are computed by comparing rows, as `changes: rows` asks
    kUnknown,      ///< the source could not be read
  };
  std::string table;
  Kind kind = Kind::kUnknown;
  std::string why;  ///< kUnknown: the error
};

/// A role of the exporter's account: by its ARN, as far as it is known.
struct Role {
  std::string name, arn;
  std::string external_id;  ///< "" where the config asks for none
};

struct Setup {
  store::Location destination, state;
  std::vector<std::string> names;           ///< of all tables of the config
  std::vector<store::Location> sources;     ///< in buckets, of the tables asked for, each once
  std::string partition;                    ///< "aws", "aws-cn", "aws-us-gov"
  std::string region, account;              ///< a placeholder where unknown
  std::string endpoint;                     ///< "" for AWS
  config::Encryption encryption;            ///< of new objects
  PartnerAccess partner;                    ///< with a placeholder where no role is configured
  std::vector<std::string> local_readable;  ///< what of a local destination is for the partner
  std::string partner_external_id;          ///< "" for none
  Role exporter, databricks;
  std::optional<Role> source_reader;  ///< where sources are read under a role of their own
  std::string runner;                 ///< who assumes the two
  std::string catalog, schema;
  std::vector<FeedNeed> feeds;

  bool in_bucket() const { return destination.scheme == store::Location::Scheme::kS3; }
  std::string Arn(const std::string& service_and_rest) const;  ///< "arn:aws:" + it
  std::string BucketArn(const std::string& bucket) const { return Arn("s3:::" + bucket); }
  /// The folder of the destination that Unity Catalog may manage.
  store::Location ManagedFolder() const { return destination.Child("_databricks"); }
};

/// A key that contradicts another one.
struct Contradiction {
  std::vector<std::string>
      key;  ///< its path in sluice.yaml: {"partner", "role_arn"}; empty: an option
  std::string message, remedy;
};

/// That roles, keys and regions are in different partitions of AWS, or the exporter's role or `--account` in another
/// account than the bucket's owner; nullopt where all fit.
std::optional<Contradiction> FindContradiction(const config::Config& config,
                                               const Options& options);

/// kUsage for options that are not what they should be: ask this first.
Status CheckOptions(const Options& options);

Setup MakeSetup(const config::Config& config, const store::Location& destination,
                const store::Location& state, const std::vector<const config::Table*>& tables,
                const Options& options);

}  // namespace sluice::onboard
