#include "sluice/transfer/feed_scan.h"

#include <exception>
#include <utility>

#include "sluice/runtime/thread.h"

namespace sluice::transfer {
namespace {

/// Files that wait to be opened; a commit of more is listed as the readers get on.
constexpr size_t kFilesAhead = 64;

Error Stopped() {
  return Error{ErrorKind::kCancelled, "the change feed is not wanted any more", {}};
}

}  // namespace

FeedScan::FeedScan(const delta::Log& log, delta::FeedRange range, std::vector<delta::Field> fields,
                   TimeZone zone, int64_t match_bytes)
    : log_(log),
      source_(log.shared_store()),
      range_(std::move(range)),
      fields_(std::move(fields)),
      zone_(std::move(zone)),
      match_(HowToMatch(match_bytes)) {
  auto started = runtime::StartThread([this] { List(); });
  if (started) {
    lister_ = std::move(*started);
  } else {
    failure_ = std::move(started).error();
  }
}

FeedScan::~FeedScan() {
  Stop();
  if (lister_.joinable()) lister_.join();
}

delta::MatchOptions FeedScan::HowToMatch(int64_t match_bytes) const {
  delta::MatchOptions match;
  for (auto& field : delta::WithoutVoid(range_.schema).fields) {
    // Of a type that cannot be read: the other columns distinguish rows.
    if (delta::ToArrow(field.type)) match.row.push_back(std::move(field));
  }
  match.zone = zone_;
  match.memory_bytes = match_bytes;
  match.check = [this]() -> Status {
    const MutexLock lock(mutex_);
    return stopped_ || failure_ ? Status(Fail(Stopped())) : Status();
  };
  return match;
}

void FeedScan::List() {
  Status listed;
  try {
    listed = delta::VisitChanges(log_, range_, [this](delta::CommitChanges changes) -> Status {
      SLUICE_RETURN_IF_ERROR(delta::MatchRows(source_, match_, changes));
      return Put(std::move(changes));
    });
  } catch (const std::exception& e) {
    listed = Fail(ErrorKind::kInternal, "unexpected exception while listing changes: {}", e.what());
  }
  const MutexLock lock(mutex_);
  listed_ = true;
  if (!listed && !stopped_ && !failure_) failure_ = listed.error();
  changed_.NotifyAll();
}

Status FeedScan::Put(delta::CommitChanges changes) {
  const MutexLock lock(mutex_);
  last_committed_ = changes.committed;
  for (auto& file : changes.files) {
    while (!stopped_ && !failure_ && files_.size() >= kFilesAhead) changed_.Wait(mutex_);
    if (stopped_ || failure_) return Fail(Stopped());
    files_.push_back({changes.version, changes.committed, std::move(file)});
    changed_.NotifyAll();
  }
  return stopped_ ? Status(Fail(Stopped())) : Status();
}

Result<std::shared_ptr<const delta::DataFile>> FeedScan::OpenUnlocked(const Pending& pending) {
  const MutexUnlock unlock(mutex_);
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<const delta::DataFile> data,
                          delta::OpenChangeFile(source_, pending.version, pending.committed,
                                                pending.file, fields_, zone_));
  return data;
}

Result<std::optional<FeedUnit>> FeedScan::Next() {
  const MutexLock lock(mutex_);
  while (true) {
    if (failure_) return Fail(*failure_);
    if (stopped_) return std::nullopt;
    if (!units_.empty()) {
      FeedUnit unit = std::move(units_.front());
      units_.pop_front();
      return std::optional(std::move(unit));
    }
    if (!files_.empty()) {
      const Pending pending = std::move(files_.front());
      files_.pop_front();
      ++opening_;
      changed_.NotifyAll();
      auto data = OpenUnlocked(pending);
      --opening_;
      if (!data) {
        if (!failure_) failure_ = data.error();
      } else {
        for (int group = 0; group < (*data)->num_row_groups(); ++group) {
          units_.push_back({*data, group});
        }
      }
      changed_.NotifyAll();
      continue;
    }
    if (listed_ && opening_ == 0) return std::nullopt;
    changed_.Wait(mutex_);
  }
}

void FeedScan::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

std::optional<Timestamp> FeedScan::last_committed() const {
  const MutexLock lock(mutex_);
  return last_committed_;
}

}  // namespace sluice::transfer
