#include "sluice/state/export_state.h"

#include <spdlog/spdlog.h>

#include <functional>
#include <map>
#include <utility>

#include "sluice/delta/log/log.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/write/checkpoint_writer.h"
#include "sluice/delta/write/committer.h"
#include "sluice/delta/write/log_cleanup.h"
#include "sluice/delta/write/write_support.h"
#include "sluice/runtime/retry.h"
#include "sluice/state/state_change.h"
#include "sluice/state/state_table.h"

namespace sluice::state {
namespace {

constexpr const char* kEngine = "sluice/" SLUICE_VERSION;
// A commit that took longer than this may have been put into a past that others have cleaned up
// meanwhile, where nothing stood in its way.
constexpr Duration kSuspiciouslyLong = Minutes(5);

runtime::RetryPolicy RacePolicy() {
  runtime::RetryPolicy policy;
  policy.attempts = 20;
  policy.first_delay = Duration{20'000};
  policy.max_delay = Seconds(2);
  policy.deadline = Minutes(2);
  return policy;
}

using Decider = std::function<Result<Decision>(const std::vector<StateRow>& rows,
                                               std::optional<int64_t> followed)>;

// The rows that share a name with another one, by name.
std::map<std::string, std::vector<StateRow>> Duplicates(const std::vector<StateRow>& rows) {
  std::map<std::string, std::vector<StateRow>> by_name;
  for (const StateRow& row : rows) by_name[row.source_table].push_back(row);
  std::erase_if(by_name, [](const auto& entry) { return entry.second.size() < 2; });
  return by_name;
}

}  // namespace

const StateRow* StateView::Find(std::string_view source_table) const {
  for (const StateRow& row : rows) {
    if (row.source_table == source_table) return &row;
  }
  return nullptr;
}

std::optional<int64_t> StateView::FollowedThrough(const std::string& app_id) const {
  const auto found = followed.find(app_id);
  return found == followed.end() ? std::nullopt : std::optional(found->second);
}

struct ExportState::Impl {
  std::shared_ptr<store::ObjectStore> store;
  std::shared_ptr<runtime::Clock> clock;
  std::shared_ptr<runtime::Entropy> entropy;

  /// As loaded last, with all columns.
  std::optional<LoadedState> held{};

  std::string Name() const { return store->DisplayName(""); }
  Result<bool> IsStill(Version version, std::string_view mark) const;
  /// Holds what our own `commit` made of what was held, or nothing.
  void GoOnFrom(const delta::Commit& commit);
  /// The newest version with all columns, read again only where another commit was made; nullptr where no table
  /// is there. Valid until the next call.
  Result<const LoadedState*> Newest();
  Author AuthorOf(const std::string& app_id, int64_t n) const {
    return Author{app_id, n, clock->Now(), kEngine};
  }

  Result<AdvanceOutcome> Change(const std::string& app_id, int64_t n,
                                const std::string& source_table, const Decider& decide);
  Result<AdvanceOutcome> TryChange(const std::string& app_id, int64_t n,
                                   const std::string& source_table, const Decider& decide,
                                   std::optional<AdvanceOutcome>& committed);
  Status Create();
  Status Commit(const delta::Commit& commit, const Author& author, Timestamp loaded_at, bool& lost);
  Status RequireInHistory(const std::string& app_id, int64_t n);
  void DiscardFiles(const delta::Commit& commit);
  void KeepSmall(const delta::Snapshot& before, Version committed);
};

Result<bool> ExportState::Impl::IsStill(Version version, std::string_view mark) const {
  if (mark.empty()) return false;
  SLUICE_ASSIGN_OR_RETURN(const auto newest, delta::Log(store).FindNewest(version));
  return newest && newest->version == version && newest->Mark() == mark;
}

Result<const LoadedState*> ExportState::Impl::Newest() {
  if (held) {
    SLUICE_ASSIGN_OR_RETURN(const bool same,
                            IsStill(held->snapshot.version, held->snapshot.commit_mark));
    if (same) return &*held;
  }
  held.reset();
  SLUICE_ASSIGN_OR_RETURN(held, LoadState(store, Columns::kAll));
  return held ? &*held : nullptr;
}

void ExportState::Impl::GoOnFrom(const delta::Commit& commit) {
  if (!held) return;
  const auto newest = delta::Log(store).FindNewest(commit.version);
  if (newest && *newest) {
    const auto taken = TakeCommit(store, commit, **newest, *held);
    if (taken && *taken) return;
  }
  held.reset();
}

tl::unexpected<Error> LostRace(const std::string& table, Version version, const char* how) {
  return Fail(Error{
      ErrorKind::kTransient,
      fmt::format("{}: another writer {} version {}, again and again", table, how, version.value),
      "run again when fewer writers use the state table"});
}

Status ExportState::Impl::Create() {
  const delta::Commit commit = CreationCommit(AuthorOf("", 0), *entropy);
  // Anyone who wins: a state table is there afterwards.
  SLUICE_RETURN_IF_ERROR(delta::WriteCommit(*store, commit));
  return {};
}

// A file of a commit that is certainly not in the log, now or later, is not in use.
void ExportState::Impl::DiscardFiles(const delta::Commit& commit) {
  const auto discard = [&](const std::string& path) {
    if (const auto deleted = store->Delete(path); !deleted) {
      spdlog::debug("{}: {}", Name(), deleted.error().message);
    }
  };
  for (const delta::AddFile& add : commit.adds) discard(add.path);
  for (const delta::AddCdcFile& cdc : commit.cdc) discard(cdc.path);
}

Status ExportState::Impl::RequireInHistory(const std::string& app_id, int64_t n) {
  SLUICE_ASSIGN_OR_RETURN(const auto marks, LoadMarks(store));
  if (marks) {
    const auto found = marks->transactions.find(app_id);
    if (found != marks->transactions.end() && found->second.version >= n) return {};
  }
  return Fail(ErrorKind::kTransient, "{}: a commit took so long that it came too late", Name());
}

// `lost`: certainly nothing of the commit is in the log. After any other error it may be.
Status ExportState::Impl::Commit(const delta::Commit& commit, const Author& author,
                                 Timestamp loaded_at, bool& lost) {
  SLUICE_ASSIGN_OR_RETURN(const auto outcome, delta::WriteCommit(*store, commit));
  lost = outcome != delta::CommitOutcome::kCommitted;
  switch (outcome) {
    case delta::CommitOutcome::kCommitted:
      break;
    case delta::CommitOutcome::kConflict:
      DiscardFiles(commit);
      return LostRace(Name(), commit.version, "was first with");
    case delta::CommitOutcome::kOverwritten:
      spdlog::warn(
          "{}: version {} was overwritten by a writer that does not commit "
          "conditionally; writing it again",
          Name(), commit.version.value);
      return LostRace(Name(), commit.version, "overwrote");
  }
  if (clock->Now() - loaded_at > kSuspiciouslyLong) {
    return RequireInHistory(author.app_id, author.n);
  }
  return {};
}

// Best effort: the change itself is committed.
void ExportState::Impl::KeepSmall(const delta::Snapshot& before, Version committed) {
  const int64_t interval = delta::PropertiesOf(before.metadata).checkpoint_interval;
  const int64_t since = committed.value - (before.checkpoint ? before.checkpoint->value : 0);
  if (since < interval) return;
  held.reset();  // with the checkpoint that it was loaded from
  const Timestamp now = clock->Now();
  const auto keep_small = [&]() -> Status {
    // Who may not delete still gets a checkpoint, or reading the log would take longer with each run.
    const auto removed = delta::CleanUpFiles(store, now);
    if (!removed && removed.error().kind != ErrorKind::kPermission) return Fail(removed.error());
    SLUICE_RETURN_IF_ERROR(delta::WriteCheckpoint(store, committed, now));
    SLUICE_RETURN_IF_ERROR(delta::CleanUpLog(store, now));
    if (!removed) return Fail(removed.error());
    return {};
  };
  if (const auto kept = keep_small(); !kept) {
    spdlog::warn("{}: not checkpointed or cleaned up: {}", Name(), kept.error().message);
  }
}

Result<AdvanceOutcome> ExportState::Impl::TryChange(const std::string& app_id, int64_t n,
                                                    const std::string& source_table,
                                                    const Decider& decide,
                                                    std::optional<AdvanceOutcome>& committed) {
  Timestamp loaded_at = clock->Now();
  SLUICE_ASSIGN_OR_RETURN(const LoadedState* state, Newest());
  const auto decide_on = [&](const LoadedState* loaded) {
    if (loaded == nullptr) return decide({}, std::nullopt);
    return decide(loaded->RowsNamed(source_table), loaded->FollowedThrough(app_id));
  };
  SLUICE_ASSIGN_OR_RETURN(Decision decision, decide_on(state));
  if (state == nullptr) {
    SLUICE_RETURN_IF_ERROR(Create());
    loaded_at = clock->Now();
    SLUICE_ASSIGN_OR_RETURN(state, Newest());
    if (state == nullptr)
      return Fail(ErrorKind::kTransient, "{}: vanished after its creation", Name());
    SLUICE_ASSIGN_OR_RETURN(decision, decide_on(state));
  }
  // An earlier attempt of this very call may have committed although its answer was lost.
  if (!decision.change) return committed.value_or(decision.outcome);
  const Author author = AuthorOf(app_id, n);
  SLUICE_ASSIGN_OR_RETURN(const delta::Commit commit,
                          ChangeCommit(*store, *entropy, *state, *decision.change, author));
  bool lost = false;
  const Status done = Commit(commit, author, loaded_at, lost);
  committed = lost ? std::nullopt : std::make_optional(decision.outcome);
  SLUICE_RETURN_IF_ERROR(done);
  KeepSmall(state->snapshot, commit.version);
  GoOnFrom(commit);
  return decision.outcome;
}

Result<AdvanceOutcome> ExportState::Impl::Change(const std::string& app_id, int64_t n,
                                                 const std::string& source_table,
                                                 const Decider& decide) {
  AdvanceOutcome outcome = AdvanceOutcome::kWritten;
  std::optional<AdvanceOutcome> committed;
  SLUICE_RETURN_IF_ERROR(
      runtime::Retry(RacePolicy(), *clock, *entropy, runtime::CancelToken(), [&]() -> Status {
        SLUICE_ASSIGN_OR_RETURN(outcome, TryChange(app_id, n, source_table, decide, committed));
        return {};
      }));
  return outcome;
}

ExportState::ExportState(std::shared_ptr<store::ObjectStore> table_store,
                         std::shared_ptr<runtime::Clock> clock,
                         std::shared_ptr<runtime::Entropy> entropy)
    : impl_(std::make_unique<Impl>(
          Impl{std::move(table_store), std::move(clock), std::move(entropy)})) {}

ExportState::~ExportState() = default;

Result<StateView> ExportState::Read(std::optional<std::string_view> only) const {
  std::optional<LoadedState> guide;
  auto all = impl_->Newest();
  if (!all) {
    // Columns that others added may be of any kind; looking does without.
    SLUICE_ASSIGN_OR_RETURN(guide, LoadState(impl_->store, Columns::kGuide));
  }
  const LoadedState* const state = all ? *all : guide ? &*guide : nullptr;
  StateView view;
  if (state == nullptr) return view;
  view.exists = true;
  view.version = state->snapshot.version;
  view.mark = state->snapshot.commit_mark;
  view.rows = state->Rows();
  for (const auto& [app_id, txn] : state->snapshot.transactions) {
    view.followed.emplace(app_id, txn.version);
  }
  for (const auto& [name, rows] : Duplicates(view.rows)) {
    if (!only || name == *only) return Fail(DuplicateRows(rows));
  }
  return view;
}

Result<bool> ExportState::IsStill(Version version, std::string_view mark) const {
  return impl_->IsStill(version, mark);
}

Result<std::optional<int64_t>> ExportState::FollowedThrough(const std::string& app_id) const {
  if (const auto state = impl_->Newest()) {
    return *state == nullptr ? std::nullopt : (*state)->FollowedThrough(app_id);
  }
  SLUICE_ASSIGN_OR_RETURN(const auto marks, LoadMarks(impl_->store));
  if (!marks) return std::optional<int64_t>();
  const auto found = marks->transactions.find(app_id);
  if (found == marks->transactions.end()) return std::optional<int64_t>();
  return std::optional<int64_t>(found->second.version);
}

Status ExportState::RequireWritable(const std::string& source_table, Progress progress) const {
  const auto state = impl_->Newest();
  if (state && *state == nullptr) return {};
  if (state) {
    RowChange change;
    change.kind = RowChange::Kind::kSet;
    change.source_table = source_table;
    change.progress = progress;
    change.ran_at = impl_->clock->Now();
    return RehearseCommit(**state, change, impl_->Name());
  }
  // What the table asks of its writers says more than what stops its reading.
  if (const auto marks = LoadMarks(impl_->store); marks && *marks) {
    SLUICE_RETURN_IF_ERROR(delta::CheckWritable((*marks)->protocol, (*marks)->metadata,
                                                (*marks)->domains, impl_->Name()));
  }
  return Fail(state.error());
}

Result<AdvanceOutcome> ExportState::Follow(const Advance& advance) {
  return impl_->Change(advance.app_id, advance.n, advance.source_table,
                       [&](const std::vector<StateRow>& rows, std::optional<int64_t> followed) {
                         return Decide(rows, followed, advance);
                       });
}

Status ExportState::Apply(const Reset& reset) {
  SLUICE_RETURN_IF_ERROR(impl_->Change(
      reset.app_id, reset.n, reset.source_table,
      [&](const std::vector<StateRow>& rows, std::optional<int64_t> followed) -> Result<Decision> {
        return Decide(rows, followed, reset);
      }));
  return {};
}

}  // namespace sluice::state
