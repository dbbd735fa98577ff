#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/time_zone.h"
#include "sluice/base/types.h"

/// sluice.yaml as plain structs, with the defaults of the contract. Nothing here reads a file: see
/// config_parser.h. Value types; immutable once parsed.
namespace sluice::config {

enum class Pattern { kAppend, kCdc, kSnapshot };
enum class Partition { kHourly, kDaily };
enum class LateRows { kExport, kReport, kIgnore };
enum class Timestamps { kMicros, kSource };
enum class Compression { kNone, kSnappy, kGzip, kLz4, kZstd };
enum class Copy { kAuto, kNever };
enum class SchemaChange { kNotify, kFail, kIgnore };
enum class PartitionMarkers { kNone, kSuccess };
enum class Changes { kAuto, kFeed, kRows };
enum class Images { kBoth, kAfter };
enum class SchemaMode { kLatest, kCommit };

std::string_view Name(Pattern);
std::string_view Name(Partition);
std::string_view Name(LateRows);
std::string_view Name(Timestamps);
std::string_view Name(Compression);
std::string_view Name(Copy);
std::string_view Name(SchemaChange);
std::string_view Name(PartitionMarkers);
std::string_view Name(Changes);
std::string_view Name(Images);
std::string_view Name(SchemaMode);

/// How requests are signed. Exactly one form is set; none means AWS's usual chain. Only names of
/// environment variables are kept, never their values.
struct Auth {
  bool catalog =
      false;  ///< with what the catalog gives for the place, which lies in an external location of it
  std::optional<std::string> profile;
  std::optional<std::string> role_arn, external_id;
  std::optional<std::string> access_key_env, secret_key_env, session_token_env;
};

struct Encryption {
  enum class Type { kNone, kSseS3, kSseKms };
  Type type = Type::kNone;
  std::optional<std::string> kms_key_id;
};

struct StoreOptions {
  std::optional<std::string> region, endpoint, ca_bundle, expected_bucket_owner;
  std::optional<bool> path_style;
  Auth auth;
};

struct Destination {
  std::string url;  ///< as written, environment resolved; relative paths not yet resolved
  StoreOptions options;
  Encryption encryption;
};

struct CatalogOptions {
  std::string url;  ///< "": the host that the profile or DATABRICKS_HOST names
  std::optional<std::string> profile, token_env, client_id_env, client_secret_env;
};

struct Partner {
  std::optional<std::string> role_arn, external_id;
};

struct Limits {
  int64_t memory_bytes = int64_t{1} << 30;
  int connections = 32;
  int max_concurrent_runs = 2;
};

/// Where the first window of an append table begins (exclusive).
struct StartNow {};
struct StartTime {
  Timestamp at;
};
struct StartAgo {
  Duration before_now;
};
using AppendStart = std::variant<StartNow, StartTime, StartAgo>;

/// Where a change feed begins.
struct StartSnapshot {};
struct StartEnabled {};
struct StartVersion {
  Version first;  ///< the first version exported
};
using CdcStart = std::variant<StartSnapshot, StartEnabled, StartVersion>;

/// What pattern append asks for.
struct AppendOptions {
  std::string watermark;
  AppendStart start;
  std::optional<Duration> chunk;  ///< piece of a window; nullopt: none
  PartitionMarkers partition_markers = PartitionMarkers::kNone;
};

/// What pattern cdc asks for.
struct CdcOptions {
  CdcStart start;
  std::optional<int64_t> chunk;  ///< versions in one export; nullopt: all
  PartitionMarkers partition_markers = PartitionMarkers::kNone;
  Changes changes = Changes::kAuto;
  Images images = Images::kBoth;
  SchemaMode schema_mode = SchemaMode::kLatest;
};

/// What pattern snapshot asks for.
struct SnapshotOptions {
  int keep = 5;
  std::optional<Duration> keep_for;
  bool skip_unchanged = false;
};

/// In the order of Pattern.
using PatternOptions = std::variant<AppendOptions, CdcOptions, SnapshotOptions>;

/// A position in the config's file, 1-based; 0 for what is not in it.
struct LineColumn {
  int line = 0, column = 0;
};

/// Where the file names columns, which only the source's schema can judge.
struct ColumnPlaces {
  std::string file;  ///< absolute path of sluice.yaml
  LineColumn watermark;
  std::vector<LineColumn> columns, exclude;  ///< one for each entry
};

struct Table {
  std::string table;  ///< the name in state and notices
  std::string name;   ///< folder stem and NAME in commands
  std::optional<std::string>
      path;  ///< nullopt: the catalog says where `table`, a name of three parts, lies
  PatternOptions options;
  /// These three ask something of append tables only. `defaults` may set them for any table: every intent
  /// records `partition` and `late_rows`, and `status` makes allowance for `delay`.
  Partition partition = Partition::kHourly;
  LateRows late_rows = LateRows::kExport;
  Duration delay{0};
  std::vector<std::string> columns;  ///< empty = all
  std::vector<std::string> exclude;
  TimeZone timezone = TimeZone::Utc();
  Timestamps timestamps = Timestamps::kMicros;
  Compression compression = Compression::kZstd;
  Copy copy = Copy::kAuto;
  int64_t target_file_bytes = int64_t{256} << 20;
  SchemaChange on_schema_change = SchemaChange::kNotify;
  /// How far the export may lag before the table is late; nullopt: three times the schedule's cadence.
  std::optional<Duration> freshness;
  std::string schedule = "hourly";
  int retries = 0;
  Duration retry_delay = Minutes(1);
  std::optional<Duration> timeout;
  int line = 0;  ///< where the entry begins in the file, 1-based
  ColumnPlaces places;

  Pattern pattern() const { return static_cast<Pattern>(options.index()); }
  bool is_append() const { return pattern() == Pattern::kAppend; }
  bool is_cdc() const { return pattern() == Pattern::kCdc; }
  bool is_snapshot() const { return pattern() == Pattern::kSnapshot; }

  /// REQUIRES: that pattern.
  const AppendOptions& append() const { return std::get<AppendOptions>(options); }
  AppendOptions& append() { return std::get<AppendOptions>(options); }
  const CdcOptions& cdc() const { return std::get<CdcOptions>(options); }
  CdcOptions& cdc() { return std::get<CdcOptions>(options); }
  const SnapshotOptions& snapshot() const { return std::get<SnapshotOptions>(options); }
  SnapshotOptions& snapshot() { return std::get<SnapshotOptions>(options); }

  /// "" for a pattern that has none.
  std::string_view watermark() const {
    return is_append() ? std::string_view(append().watermark) : std::string_view();
  }
};

struct Notify {
  std::vector<std::string> on{"failure",   "recovery", "schema_change",
                              "late_rows", "stale",    "retention"};
  std::optional<std::string> slack_webhook_env;
  struct Email {
    std::string smtp, from;
    std::vector<std::string> to;
    std::optional<std::string> user_env, password_env;
  };
  std::optional<Email> email;
  struct Webhook {
    std::string url_env;
    std::optional<std::string> hmac_env;
  };
  std::optional<Webhook> webhook;
  std::optional<std::string> ping_url_env;
};

/// A key that the file sets and that has no effect in this version.
struct IdleKey {
  LineColumn at;
  std::string key;      ///< "notify", "schedule", ..
  std::string table;    ///< the name of the entry that sets it; "" for a key of the whole config
  std::string message;  ///< what the key does not do yet, and what to do instead
};

struct Config {
  std::string file;    ///< absolute path of sluice.yaml
  std::string folder;  ///< the folder it lies in: base of relative paths
  Destination destination;
  std::optional<StoreOptions> source;  ///< nullopt: as destination
  std::optional<CatalogOptions> catalog;
  std::string state;  ///< location of the Delta table; default <destination>/_export_state
  Partner partner;
  Limits limits;
  std::vector<Table> tables;
  std::optional<Notify> notify;
  std::string serve_listen = "127.0.0.1:8088";
  std::vector<IdleKey> idle_keys;  ///< in the order of the file
};

}  // namespace sluice::config
