#include "sluice/ledger/second_name.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "sluice/ledger/ledger_path.h"
#include "sluice/ledger/records.h"
#include "sluice/runtime/executor.h"

namespace sluice::ledger {
namespace {

using store::Key;
using store::ObjectStore;

constexpr int kRequestsAtOnce = 16;

/// What the first intent of a ledger says; nullopt where nothing was begun, or nothing can be read.
Result<std::optional<Intent>> FirstIntent(const ObjectStore& beside, const Key& folder) {
  std::optional<int64_t> first;
  SLUICE_RETURN_IF_ERROR(beside.List(folder, {}, [&](const store::ObjectInfo& object) {
    const auto entry = ParseLedgerEntry(std::string_view(object.key).substr(folder.size()));
    if (entry && entry->type == LedgerEntryName::Type::kIntent) first = entry->n;
    return !first;
  }));
  if (!first) return std::nullopt;
  const Key key = IntentKey(folder, *first);
  SLUICE_ASSIGN_OR_RETURN(const std::string text, beside.Get(key));
  auto intent = ParseIntent(text, beside.DisplayName(key));
  if (!intent) return std::nullopt;
  return std::optional(*std::move(intent));
}

/// Whether the ledger in `folder` moves the row that ours would move.
Result<bool> MovesOurRow(const ObjectStore& beside, const Key& folder, const LedgerIdentity& ours,
                         const std::string& pattern) {
  const auto text = beside.Get(IdentityKey(folder, 1));
  if (!text && text.error().kind != ErrorKind::kNotFound) return Fail(text.error());
  if (text) {
    const auto identity = ParseIdentity(*text, beside.DisplayName(IdentityKey(folder, 1)));
    // One that cannot be read is that name's trouble.
    if (!identity || identity->table != ours.table || identity->state != ours.state) return false;
  }
  SLUICE_ASSIGN_OR_RETURN(const auto intent, FirstIntent(beside, folder));
  return intent && intent->table == ours.table && intent->pattern == pattern;
}

}  // namespace

Status RefuseSecondName(const ObjectStore& beside, const std::string& name,
                        const LedgerIdentity& ours, const NameSearch& search) {
  const Key own = LedgerFolderOf(ours.state, name);
  const Key ending = name + "/ledger/";
  SLUICE_ASSIGN_OR_RETURN(auto others,
                          beside.ListFolders(own.substr(0, own.size() - ending.size())));
  std::erase_if(others, [&](const std::string& other) {
    return other == name || (search.is_of_another_table && search.is_of_another_table(other));
  });
  std::vector<char> same(others.size());
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
      others.size(), kRequestsAtOnce, runtime::CancelToken(), [&](size_t i) -> Status {
        SLUICE_ASSIGN_OR_RETURN(same[i], MovesOurRow(beside, LedgerFolderOf(ours.state, others[i]),
                                                     ours, search.pattern));
        return {};
      }));
  for (size_t i = 0; i < others.size(); ++i) {
    if (!same[i]) continue;
    return Fail(Error{
        ErrorKind::kConflict,
        fmt::format("{} is exported to this state by the name '{}' already (its ledger is {}): two "
                    "names would divide the rows between them",
                    ours.table, others[i],
                    beside.DisplayName(LedgerFolderOf(ours.state, others[i]))),
        fmt::format("let `name` be {}, or give this config a `state` of its own", others[i])});
  }
  return {};
}

}  // namespace sluice::ledger
