#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/ledger/runner.h"
#include "sluice/store/object_store.h"

/// What the ledger and the manifests say, as structs and as JSON. Pure: no I/O. See
/// docs/commit-protocol.md for who writes each one when.
namespace sluice::ledger {

/// Version of these formats. A record of another format is never guessed at.
inline constexpr int kFormat = 1;

enum class ExportKind {
  kWindow,    ///< what is new
  kLate,      ///< rows that came after their window was exported
  kBackfill,  ///< a range asked for by hand
  kSeed,      ///< the snapshot that a change feed begins from
  kReseed,    ///< the same, asked for again
  kSnapshot,  ///< pattern C
  kReset,     ///< state repaired by hand, or moved on by a notebook: no data
  kVoid,      ///< an export that publishes nothing
};
std::string_view Name(ExportKind kind);

/// An edge of a window: an instant (append), a version (cdc), or nothing.
using Bound = std::variant<std::monostate, Timestamp, Version>;
nlohmann::json ToJson(const Bound& bound);
std::string ToText(const Bound& bound);  ///< "2026-01-31T09:00:00Z", "17" or "-"

/// Where a table's exports stand after export n. Every decision carries it, so that the newest one
/// alone says where to go on. One type for every pattern: a table may change its pattern, and what the former one noted
/// goes on with the ledger.
struct Position {
  Bound first_start;  ///< exclusive start of the first window since the beginning or a `forget`
  Bound end;          ///< inclusive end of what is exported; monostate: nothing yet
  /// Commits up to this one were looked at for late rows, or are covered by a window.
  std::optional<Version> scanned_through;
  /// Digest of the commit file of `scanned_through`, as it lay in the source's log: another one there later
  /// means that the log was recreated. "" where it was gone already, or an older program wrote the record.
  std::string scanned_commit;
  std::string table_id;
  /// Delta schema JSON of the exported columns, mapped ones with their physical names, and the `columns`/`exclude`
  /// that chose them.
  std::string exported_schema;
  std::string column_choice;
  /// The time in the folder name of the newest snapshot or seed: the next one must be later.
  std::optional<Timestamp> newest_snapshot;
  /// cdc: when the commit at `end` was made; no later change can bear an earlier timestamp.
  std::optional<Timestamp> newest_commit;
  /// Of a table that the catalog finds by its name: its id there. Another one later means that the table was dropped and
  /// made again. "" where no run asked the catalog yet, and in records of older programs.
  std::string catalog_id{};
};

struct ManifestFile {
  std::string path;  ///< below the destination
  int64_t size = 0, rows = 0;
  std::string checksum;
  std::string partition;
};

/// `n.intent.json`: what export n is going to be. Put before any byte moves.
struct Intent {
  int64_t n = 0;
  ExportKind kind = ExportKind::kWindow;
  std::string table, name, pattern, table_id;
  std::optional<Version> source_version;
  Bound start, end;
  std::optional<Timestamp> snapshot_at;  ///< snapshots and seeds: the time in their folder's name
  std::vector<int64_t> replaces;
  /// Backfills: what of (start, end] is read again, and the files of the replaced exports that stay.
  /// Monostate and empty: all of it is read.
  Bound renewed_start, renewed_end;
  std::vector<ManifestFile> carried;
  nlohmann::json shape;      ///< every config value that shapes output
  std::string shape_digest;  ///< of `shape`; see DigestOf
  Timestamp created_at;      ///< the runner's wall clock
  Runner runner;
  std::string program;  ///< "sluice 0.1.0"
};

/// What a backfill exported again of its window; the rest of it are files of exports that it replaces.
struct Renewed {
  Bound start, end;
  int64_t rows = 0;
  std::string row_hash;
};

/// `manifests/n.json`: what the partner reads. Holds no source path.
struct Manifest {
  int64_t n = 0;
  ExportKind kind = ExportKind::kWindow;
  std::string table, table_id;
  std::optional<Version> source_version;
  Bound start, end;
  std::string timezone;
  nlohmann::json schema;  ///< Delta schema object of the files' columns
  std::vector<ManifestFile> files;
  std::vector<std::string> partitions_touched, partitions_final, reopened;
  std::vector<int64_t> replaces;
  /// Where `files` holds files of replaced exports: what this export wrote itself.
  std::optional<Renewed> renewed;
  int64_t rows = 0;
  std::string row_hash;  ///< "" where it is not known, of files that were carried over
  int64_t null_watermarks = 0;
  int64_t unreadable_watermarks = 0;  ///< values that are not NULL and no time either
  std::string reason;                 ///< void and reset only: why
  /// A snapshot that was complete and then dropped by `keep`: a void without files, written over the
  /// snapshot's own manifest before its files go.
  bool expired = false;
  /// Every partition that ends by this instant is final, with or without a folder; nullopt in resets, voids
  /// and manifests from before there was this field, whose `partitions_final` lists them all.
  std::optional<Timestamp> final_until;
  /// A reset only: what it passes over is left out on purpose, and is not a gap.
  bool skipped = false;
  Timestamp committed_at;
  std::string program;
};

/// One upload of a decided export, with what its manifest entry needs.
struct DecidedFile {
  store::PendingUpload upload;
  int64_t rows = 0;
  std::string partition;
};

/// `n.commit.json`: the one decision about n. It carries the manifest word for word, so that a runner that
/// finishes n publishes the same. A void decision has no uploads and a manifest of kind void.
struct Decision {
  int64_t n = 0;
  int generation = 1;
  std::string attempt;
  std::vector<DecidedFile> files;
  /// Keys of an earlier generation's files that this one replaces: deleted before ours are completed.
  std::vector<std::string> superseded;
  Manifest manifest;
  Position position;                   ///< after n
  Bound state_expected, state_value;   ///< for the state row; value monostate: unchanged
  bool state_forget = false;           ///< a reset that removes the row
  bool state_forced = false;           ///< a reset: whatever stands there
  Bound watermark_min, watermark_max;  ///< of the exported rows; append only
  int64_t row_groups_copied = 0, row_groups_spliced = 0, row_groups_rewritten = 0;
  Runner runner;
  /// Not recorded: the decision said otherwise, and its manifest says that it was voided.
  bool overruled = false;

  bool is_void() const { return manifest.kind == ExportKind::kVoid; }
};

/// Every key that the decision lists, those of earlier generations included.
std::vector<store::Key> EverListed(const Decision& decision);

/// 32 hex digits; equal for equal values whatever the order of keys in the text.
std::string DigestOf(const nlohmann::json& value);
/// 32 hex digits of these very bytes.
std::string DigestOfText(std::string_view text);

std::string Serialize(const Intent& intent);
std::string Serialize(const Decision& decision);
std::string Serialize(const Manifest& manifest);

/// kCorrupt, naming `name` (the key), where the text is not such a record; kUnsupported where its format
/// is a later one.
Result<Intent> ParseIntent(std::string_view text, std::string_view name);
Result<Decision> ParseDecision(std::string_view text, std::string_view name);
Result<Manifest> ParseManifest(std::string_view text, std::string_view name);

}  // namespace sluice::ledger
