#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/store/object_store.h"

/// Every name of ledger entries and manifests, made and parsed in this one file.
///
/// | object          | key                                                   | store              |
/// |-----------------|-------------------------------------------------------|--------------------|
/// | intent          | _sluice/NAME/ledger/<n>.intent.json                    | beside the state   |
/// | decision        | _sluice/NAME/ledger/<n>.commit.json, .commit.2.json .. | beside the state   |
/// | runner's sign   | _sluice/NAME/ledger/<n>.heartbeat.json                 | beside the state   |
/// | how a run ended | _sluice/NAME/ledger/last_run.json                      | beside the state   |
/// | whose it is     | _sluice/NAME/ledger/identity.json, identity.2.json ..  | beside the state   |
/// | manifest        | _sluice/NAME/manifests/<n>.json                        | destination        |
/// | sign of life    | _sluice/NAME/heartbeat.json                            | destination        |
/// | probe of check  | _sluice/probe/<16 hex digits>.txt                      | both               |
///
/// n has 20 digits, so that the order of names is the order of numbers. Beside a state table of another name
/// than `_export_state` a ledger lies in _sluice/state=FOLDER/NAME/ledger/, so that two states in one folder
/// never share one; ledgers that older programs made lie in _sluice/NAME/ledger/ all the same.
namespace sluice::ledger {

std::string FormatNumber(int64_t n);

/// Folders end in '/'; the functions below it take one.
store::Key LedgerFolder(std::string_view name);
/// Of a table whose state lies in `state_folder` (the last part of its path).
store::Key LedgerFolderOf(std::string_view state_folder, std::string_view name);

store::Key IntentKey(std::string_view folder, int64_t n);
/// `generation` 1 is the decision itself; 2 and up record rebuilt files.
store::Key DecisionKey(std::string_view folder, int64_t n, int generation);
store::Key RunnerHeartbeatKey(std::string_view folder, int64_t n);
store::Key LastRunKey(std::string_view folder);
/// `generation` 2 and up: the ledger was taken over, see LedgerIdentity.
store::Key IdentityKey(std::string_view folder, int generation);
/// The generation that `file`, the last path part, is; nullopt for any other name.
std::optional<int> ParseIdentityName(std::string_view file);

store::Key ManifestFolder(std::string_view name);
store::Key ManifestKey(std::string_view name, int64_t n);
store::Key PublishedHeartbeatKey(std::string_view name);

/// What `check` writes, tries and removes, to see what a store does.
store::Key ProbeFolder();
store::Key ProbeKey(std::string_view random_hex16);
bool IsProbeKey(std::string_view key);

struct LedgerEntryName {
  enum class Type { kIntent, kDecision, kHeartbeat };
  Type type = Type::kIntent;
  int64_t n = 0;
  int generation = 1;
};
/// `file` is the last path part; nullopt for anything else that lies there.
std::optional<LedgerEntryName> ParseLedgerEntry(std::string_view file);
std::optional<int64_t> ParseManifestName(std::string_view file);

}  // namespace sluice::ledger
