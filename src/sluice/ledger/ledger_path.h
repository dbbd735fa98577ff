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
/// | manifest        | _sluice/NAME/manifests/<n>.json                        | destination        |
/// | sign of life    | _sluice/NAME/heartbeat.json                            | destination        |
/// | probe of check  | _sluice/probe/<16 hex digits>.txt                      | both               |
///
/// n has 20 digits, so that the order of names is the order of numbers.
namespace sluice::ledger {

std::string FormatNumber(int64_t n);

store::Key LedgerFolder(std::string_view name);
store::Key IntentKey(std::string_view name, int64_t n);
/// `generation` 1 is the decision itself; 2 and up record rebuilt files.
store::Key DecisionKey(std::string_view name, int64_t n, int generation);
store::Key RunnerHeartbeatKey(std::string_view name, int64_t n);

store::Key LastRunKey(std::string_view name);

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
