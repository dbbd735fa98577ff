#include "sluice/delta/log/commit_stream.h"

#include <optional>
#include <utility>
#include <vector>

#include "sluice/delta/log/commit_parser.h"
#include "sluice/runtime/executor.h"

namespace sluice::delta {
namespace {

constexpr size_t kBlockCommits = 32;
// Where none is passed over, threads are started less often: a log may have a hundred thousand small commits.
constexpr size_t kLargeBlockCommits = 512;
constexpr int64_t kBlockBytes = 16 * 1024 * 1024;
constexpr int kFetchThreads = 8;

// How many files are read in one go: at least one, however large.
template <typename SizeOf>
size_t BlockSize(size_t files, size_t most, SizeOf size_of) {
  size_t count = 0;
  int64_t bytes = 0;
  for (; count < files && count < most; ++count) {
    bytes += size_of(count);
    if (count > 0 && bytes > kBlockBytes) break;
  }
  return count;
}

bool MentionsTable(std::string_view line) {
  return line.find("\"metaData\"") != std::string_view::npos ||
         line.find("\"protocol\"") != std::string_view::npos;
}

}  // namespace

Result<Commit> ReadFileActions(Version version, std::string_view text, std::string_view name) {
  SLUICE_ASSIGN_OR_RETURN(Commit commit, ParseCommit(version, text, name));
  for (AddFile& add : commit.adds) add.stats = {};
  return commit;
}

Result<Commit> ReadTableActions(Version version, std::string_view text, std::string_view name) {
  // Lines of no interest become blank, so that errors still count lines as the file does.
  std::string wanted;
  bool any_line = false, any_wanted = false;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    any_line = any_line || line.find_first_not_of(" \t\r") != std::string_view::npos;
    if (MentionsTable(line)) {
      any_wanted = true;
      wanted += line;
    }
    wanted += '\n';
  }
  if (any_wanted || !any_line) return ParseCommit(version, wanted, name);
  Commit commit;
  commit.version = version;
  return commit;
}

size_t AtOnceFromEnd(std::span<const int64_t> sizes) {
  return BlockSize(sizes.size(), kLargeBlockCommits,
                   [&](size_t i) { return sizes[sizes.size() - 1 - i]; });
}

Status VisitCommits(const Log& log, std::span<const CommitFile> files, const CommitReader& read,
                    const std::function<Result<bool>(Commit)>& visit) {
  while (!files.empty()) {
    const size_t size =
        BlockSize(files.size(), kBlockCommits, [&](size_t i) { return files[i].size; });
    std::vector<std::optional<Commit>> block(size);
    SLUICE_RETURN_IF_ERROR(
        runtime::ParallelFor(size, kFetchThreads, runtime::CancelToken(), [&](size_t i) -> Status {
          const Version version = files[i].version;
          SLUICE_ASSIGN_OR_RETURN(const std::string text,
                                  log.ReadCommitText(version, files[i].size));
          SLUICE_ASSIGN_OR_RETURN(block[i], read(version, text, log.NameOf(version)));
          return {};
        }));
    for (std::optional<Commit>& commit : block) {
      SLUICE_ASSIGN_OR_RETURN(const bool more, visit(*std::exchange(commit, std::nullopt)));
      if (!more) return {};
    }
    files = files.subspan(size);
  }
  return {};
}

}  // namespace sluice::delta
