#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/base/result.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/feed/match_rows.h"
#include "sluice/delta/log/log.h"
#include "sluice/store/object_store.h"

namespace sluice::transfer {

/// One row group of a change file to read.
struct FeedUnit {
  std::shared_ptr<const delta::DataFile> data;
  int row_group = 0;
};

/// Hands out the row groups that hold the changes of a range of versions to as many threads as ask. The
/// commits are listed by a thread of its own, which stays a few files ahead of the readers, so that
/// memory does not grow with the range. Thread-safe.
class FeedScan {
 public:
  /// `fields`: the table's columns to read; batches have the feed's three behind them. `match_bytes`: memory
  /// for the rows that are matched where changes are computed.
  FeedScan(const delta::Log& log, delta::FeedRange range, std::vector<delta::Field> fields,
           TimeZone zone, int64_t match_bytes);
  /// Stops and waits for the listing thread.
  ~FeedScan();
  FeedScan(const FeedScan&) = delete;
  FeedScan& operator=(const FeedScan&) = delete;

  /// The next row group; nullopt when there are no more. An error ends the scan for everybody.
  Result<std::optional<FeedUnit>> Next();
  /// Ends the scan: Next() gives nullopt from now on.
  void Stop();
  /// When the range's last version was committed. After the scan came to its end.
  std::optional<Timestamp> last_committed() const;

 private:
  struct Pending {
    Version version;
    Timestamp committed;
    delta::ChangeFile file;
  };

  void List();
  delta::MatchOptions HowToMatch(int64_t match_bytes) const;
  Status Put(delta::CommitChanges changes);
  /// Releases the mutex while it reads the file's footer.
  Result<std::shared_ptr<const delta::DataFile>> OpenUnlocked(const Pending& pending)
      SLUICE_REQUIRES(mutex_);

  const delta::Log log_;
  const std::shared_ptr<store::ObjectStore> source_;
  const delta::FeedRange range_;
  const std::vector<delta::Field> fields_;
  const TimeZone zone_;
  const delta::MatchOptions match_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Pending> files_ SLUICE_GUARDED_BY(mutex_);   ///< not opened yet
  std::deque<FeedUnit> units_ SLUICE_GUARDED_BY(mutex_);  ///< of opened files
  bool listed_ SLUICE_GUARDED_BY(mutex_) = false;         ///< no more files will come
  bool stopped_ SLUICE_GUARDED_BY(mutex_) = false;
  int opening_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::optional<Error> failure_ SLUICE_GUARDED_BY(mutex_);
  std::optional<Timestamp> last_committed_ SLUICE_GUARDED_BY(mutex_);

  std::thread lister_;
};

}  // namespace sluice::transfer
