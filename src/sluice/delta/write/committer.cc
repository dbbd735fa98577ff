#include "sluice/delta/write/committer.h"

#include <utility>

#include "sluice/delta/log/action_json.h"
#include "sluice/delta/log/log_path.h"

namespace sluice::delta {
namespace {

template <typename Action>
void AppendLine(std::string& text, const char* kind, const Action& action) {
  ActionJson line;
  line[kind] = ToJson(action);
  text += Dump(line);
  text += '\n';
}

template <typename Actions>
void AppendLines(std::string& text, const char* kind, const Actions& actions) {
  for (const auto& action : actions) AppendLine(text, kind, action);
}

}  // namespace

std::string SerializeCommit(const Commit& commit) {
  std::string text;
  if (commit.info) AppendLine(text, "commitInfo", *commit.info);
  if (commit.protocol) AppendLine(text, "protocol", *commit.protocol);
  if (commit.metadata) AppendLine(text, "metaData", *commit.metadata);
  AppendLines(text, "txn", commit.transactions);
  AppendLines(text, "remove", commit.removes);
  AppendLines(text, "add", commit.adds);
  AppendLines(text, "cdc", commit.cdc);
  AppendLines(text, "domainMetadata", commit.domains);
  return text;
}

Result<CommitOutcome> WriteCommit(store::ObjectStore& table_store, const Commit& commit) {
  const store::Key key = CommitKey(commit.version);
  const std::string text = SerializeCommit(commit);
  SLUICE_ASSIGN_OR_RETURN(const auto put, table_store.PutIfAbsent(key, text));
  if (put == store::PutOutcome::kAlreadyExists) return CommitOutcome::kConflict;
  SLUICE_ASSIGN_OR_RETURN(const std::string found, table_store.Get(key));
  return found == text ? CommitOutcome::kCommitted : CommitOutcome::kOverwritten;
}

}  // namespace sluice::delta
