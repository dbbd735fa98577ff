#include "sluice/ledger/find_ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sluice/ledger/ledger_path.h"

namespace sluice::ledger {
namespace {

using store::Key;
using store::ObjectStore;

/// The latest identity that a ledger recorded.
struct Recorded {
  int generation = 0;
  LedgerIdentity identity;
};

/// Who asks, and where.
struct Asker {
  std::shared_ptr<ObjectStore> beside, destination;
  std::string name;
  LedgerIdentity ours;
};

Result<std::optional<Recorded>> ReadIdentity(const ObjectStore& beside, const Key& folder) {
  int generation = 0;
  SLUICE_RETURN_IF_ERROR(
      beside.List(folder + "identity.", {}, [&](const store::ObjectInfo& object) {
        const auto found = ParseIdentityName(std::string_view(object.key).substr(folder.size()));
        generation = std::max(generation, found.value_or(0));
        return true;
      }));
  if (generation == 0) return std::nullopt;
  const Key key = IdentityKey(folder, generation);
  SLUICE_ASSIGN_OR_RETURN(const std::string text, beside.Get(key));
  SLUICE_ASSIGN_OR_RETURN(auto identity, ParseIdentity(text, beside.DisplayName(key)));
  return std::optional(Recorded{generation, std::move(identity)});
}

Result<bool> HasNumbers(const ObjectStore& beside, const Key& folder) {
  bool any = false;
  SLUICE_RETURN_IF_ERROR(beside.List(folder, {}, [&](const store::ObjectInfo& object) {
    any = ParseLedgerEntry(std::string_view(object.key).substr(folder.size())).has_value();
    return !any;
  }));
  return any;
}

std::unique_ptr<Ledger> LedgerAt(const Asker& asker, const Key& folder) {
  return std::make_unique<Ledger>(asker.beside, asker.destination, asker.name, folder);
}

/// The newest export of a ledger that must be published: what comes after it may have been cut off by a crash.
int64_t NewestPublished(const Ledger& ledger, const LedgerView& view) {
  if (view.undecided()) return view.newest - 1;
  if (view.manifest || ledger.NotedAsSettled() >= view.newest) return view.newest;
  return view.newest - 1;
}

/// Why the manifests at the destination are not those of this ledger; "" where they may be.
Result<std::string> ContradictingManifest(const Asker& asker, const Ledger& ledger, int64_t n) {
  if (n < 1) return std::string();
  SLUICE_ASSIGN_OR_RETURN(const auto manifest, ledger.ReadManifest(n));
  if (!manifest) {
    bool any = false;
    SLUICE_RETURN_IF_ERROR(
        asker.destination->List(ManifestFolder(asker.name), {}, [&](const store::ObjectInfo&) {
          any = true;
          return false;
        }));
    // Some of its own may have been taken away; that is another fault.
    return any ? std::string()
               : fmt::format("its export {} is not published at {}", n, asker.ours.destination);
  }
  SLUICE_ASSIGN_OR_RETURN(const auto decision, ledger.ReadDecision(n));
  const bool is_own = !decision || manifest->kind == ExportKind::kVoid ||
                      manifest->committed_at == decision->manifest.committed_at;
  if (is_own) return std::string();
  return fmt::format("export {} at {} is not its own", n, asker.ours.destination);
}

/// What says that a ledger without identity is not ours; "" where nothing does.
Result<std::string> FindContradiction(const Asker& asker, const Ledger& ledger) {
  const auto view = ledger.Load(Loss::kAccept);
  if (!view) return std::string();  // damaged: the command that asks says how
  if (view->intent && view->intent->table != asker.ours.table) {
    return fmt::format("its exports are of table {}, not {}", view->intent->table,
                       asker.ours.table);
  }
  return ContradictingManifest(asker, ledger, NewestPublished(ledger, *view));
}

/// What leads out where only the source differs: the destination is ours, so the exports there are, too.
std::string RemedyOfSource(const Asker& asker, const std::string& end) {
  const std::string set =
      end.empty() ? std::string()
                  : fmt::format(
                        "; if the same table lies there now, say so with `sluice state set {} "
                        "{}`",
                        asker.name, end);
  return fmt::format(
      "correct `table` or `path` in sluice.yaml{}; if it is another table, start again with "
      "`sluice "
      "state forget {}`",
      set, asker.name);
}

Error Foreign(const Asker& asker, const Ledger& ledger, const std::string& why,
              bool same_destination) {
  std::string end;
  if (const auto view = ledger.Load(Loss::kAccept)) {
    const Bound& stands = view->position().end;
    if (!std::holds_alternative<std::monostate>(stands)) end = ToText(stands);
  }
  const std::string take_over = end.empty()
                                    ? fmt::format("`sluice state forget {}`", asker.name)
                                    : fmt::format("`sluice state set {} {}`", asker.name, end);
  return Error{
      ErrorKind::kConflict,
      fmt::format("the ledger {} belongs to another export: {}",
                  asker.beside->DisplayName(ledger.folder()), why),
      same_destination
          ? RemedyOfSource(asker, end)
          : fmt::format(
                "give this config a `state` of its own, which no other config uses; only if "
                "the export was moved here, with its files and manifests, take the ledger "
                "over with {}",
                take_over)};
}

/// Records that the ledger is ours, once it is shown that the destination holds its exports.
Status TakeOver(const Asker& asker, const Ledger& ledger, int generation,
                const std::string& differences) {
  SLUICE_ASSIGN_OR_RETURN(const LedgerView view, ledger.Load(Loss::kAccept));
  const int64_t n = view.newest_decided();
  SLUICE_ASSIGN_OR_RETURN(const auto manifest,
                          n > 0 ? ledger.ReadManifest(n) : Result<std::optional<Manifest>>());
  SLUICE_ASSIGN_OR_RETURN(const std::string why, ContradictingManifest(asker, ledger, n));
  const std::string at = asker.beside->DisplayName(ledger.folder());
  if (n > 0 && (!manifest || !why.empty())) {
    return Fail(Error{
        ErrorKind::kConflict,
        fmt::format(
            "the ledger {} belongs to another export ({}), and cannot be taken over: {} does "
            "not hold its export {}",
            at, differences, asker.ours.destination, n),
        fmt::format("copy the table's files and _sluice/{} there first, or give this config a "
                    "`state` of its own",
                    asker.name)});
  }
  const Key key = IdentityKey(ledger.folder(), generation + 1);
  SLUICE_ASSIGN_OR_RETURN(const auto put, asker.beside->PutIfAbsent(key, Serialize(asker.ours)));
  if (put == store::PutOutcome::kCreated) return {};
  return Fail(ErrorKind::kTransient, "another process took {} over at the same time", at);
}

Result<std::unique_ptr<Ledger>> WithIdentity(const Asker& asker, const Key& folder,
                                             const Recorded& recorded, bool with_state,
                                             const FindLedgerOptions& options) {
  auto ledger = LedgerAt(asker, folder);
  const auto differences = Differences(recorded.identity, asker.ours, with_state);
  if (differences.empty()) return ledger;
  const std::string words = fmt::format("{}", fmt::join(differences, "; "));
  const bool other_state = with_state && recorded.identity.state != asker.ours.state;
  if (!options.take_over || other_state) {
    const bool same_destination = !other_state && SameDestination(recorded.identity, asker.ours);
    return Fail(Foreign(asker, *ledger, words, same_destination));
  }
  SLUICE_RETURN_IF_ERROR(TakeOver(asker, *ledger, recorded.generation, words));
  return ledger;
}

Result<std::unique_ptr<Ledger>> WithoutIdentity(const Asker& asker, const Key& folder,
                                                const FindLedgerOptions& options) {
  auto ledger = LedgerAt(asker, folder);
  ledger->RecordWith(asker.ours);
  SLUICE_ASSIGN_OR_RETURN(const bool begun, HasNumbers(*asker.beside, folder));
  if (!begun) {
    if (options.names) {
      SLUICE_RETURN_IF_ERROR(
          RefuseSecondName(*asker.beside, asker.name, asker.ours, *options.names));
    }
    return ledger;
  }
  SLUICE_ASSIGN_OR_RETURN(const std::string why, FindContradiction(asker, *ledger));
  if (why.empty()) return ledger;
  if (!options.take_over) {
    return Fail(Foreign(asker, *ledger, why, /*same_destination=*/false));
  }
  SLUICE_RETURN_IF_ERROR(TakeOver(asker, *ledger, /*generation=*/0, why));
  return LedgerAt(asker, folder);
}

/// For a state of another name than the default: whether the place that all states once shared holds our
/// ledger, from before each had its own.
Result<bool> IsOurs(const Asker& asker, const Key& shared) {
  SLUICE_ASSIGN_OR_RETURN(const auto recorded, ReadIdentity(*asker.beside, shared));
  if (recorded) return recorded->identity.state == asker.ours.state;
  SLUICE_ASSIGN_OR_RETURN(const bool begun, HasNumbers(*asker.beside, shared));
  if (!begun) return false;
  SLUICE_ASSIGN_OR_RETURN(const std::string why,
                          FindContradiction(asker, *LedgerAt(asker, shared)));
  return why.empty();
}

}  // namespace

Result<std::unique_ptr<Ledger>> FindLedger(const std::shared_ptr<ObjectStore>& beside,
                                           const std::shared_ptr<ObjectStore>& destination,
                                           const std::string& name, const LedgerIdentity& ours,
                                           const FindLedgerOptions& options) {
  const Asker asker{beside, destination, name, ours};
  const Key shared = LedgerFolder(name);
  const Key own = LedgerFolderOf(ours.state, name);
  SLUICE_ASSIGN_OR_RETURN(const auto recorded, ReadIdentity(*beside, own));
  if (recorded) return WithIdentity(asker, own, *recorded, /*with_state=*/own == shared, options);
  if (own == shared) return WithoutIdentity(asker, own, options);
  SLUICE_ASSIGN_OR_RETURN(const bool begun, HasNumbers(*beside, own));
  if (!begun) {
    SLUICE_ASSIGN_OR_RETURN(const bool is_ours, IsOurs(asker, shared));
    if (is_ours) {
      SLUICE_ASSIGN_OR_RETURN(const auto old, ReadIdentity(*beside, shared));
      if (old) return WithIdentity(asker, shared, *old, /*with_state=*/true, options);
      return WithoutIdentity(asker, shared, options);
    }
  }
  return WithoutIdentity(asker, own, options);
}

}  // namespace sluice::ledger
