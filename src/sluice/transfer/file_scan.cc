#include "sluice/transfer/file_scan.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::transfer {
namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::min();

}  // namespace

FileScan::FileScan(std::shared_ptr<store::ObjectStore> source, std::vector<ScanFile> files,
                   delta::Projection projection, const WatermarkColumn& watermark,
                   plan::TimeWindow window, Progress& progress)
    : source_(std::move(source)),
      projection_(std::move(projection)),
      watermark_(watermark),
      window_(window),
      progress_(progress) {
  for (const ScanFile& scan : files) {
    File file;
    file.file = scan;
    file.low = scan.source->watermark_min.value_or(kUnknown);
    files_.push_back(std::move(file));
  }
  std::stable_sort(files_.begin(), files_.end(),
                   [](const File& a, const File& b) { return a.low < b.low; });
}

Result<std::optional<ScanUnit>> FileScan::Next() {
  const MutexLock lock(mutex_);
  while (!stopped_) {
    if (auto unit = TakeUnit()) return unit;
    if (first_pending_ < files_.size()) {
      const size_t index = first_pending_++;
      files_[index].state = State::kOpening;
      const plan::SourceFile& source = *files_[index].file.source;
      Status opened;
      {
        const MutexUnlock unlock(mutex_);
        opened = OpenFile(index, source);
      }
      changed_.NotifyAll();
      if (opened) continue;
      stopped_ = true;
      return Fail(std::move(opened).error());
    }
    const bool opening =
        std::any_of(files_.begin() + static_cast<std::ptrdiff_t>(first_left_), files_.end(),
                    [](const File& file) { return file.state == State::kOpening; });
    if (!opening) break;
    changed_.Wait(mutex_);
  }
  return std::nullopt;
}

std::optional<ScanUnit> FileScan::TakeUnit() {
  for (size_t i = first_left_; i < first_pending_; ++i) {
    File& file = files_[i];
    if (file.state != State::kOpen || file.next_group == file.groups.size()) continue;
    ScanUnit unit;
    unit.data = file.data;
    unit.file = file.file;
    unit.file_index = i;
    unit.group_index = file.next_group++;
    unit.row_group = file.groups[unit.group_index].row_group;
    unit.nulls_only = file.groups[unit.group_index].nulls_only;
    return unit;
  }
  return std::nullopt;
}

Status FileScan::OpenFile(size_t index, const plan::SourceFile& source) {
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<const delta::DataFile> data,
                          delta::DataFile::Open(source_, source.path, source.partition_values,
                                                source.deletion_vector, projection_));
  const MutexLock lock(mutex_);
  File& file = files_[index];
  file.data = std::move(data);
  AddGroups(file);
  file.groups_left = file.groups.size();
  file.state = file.groups.empty() ? State::kDone : State::kOpen;
  if (file.groups.empty()) file.data.reset();
  return {};
}

void FileScan::AddGroups(File& file) {
  for (int i = 0; i < file.data->num_row_groups(); ++i) {
    const auto bounds = file.data->row_group_bounds(i, watermark_.field().name);
    const InstantBounds instants = watermark_.ToInstants(bounds);
    Group group;
    group.row_group = i;
    group.low = std::max(file.low, instants.min.value_or(kUnknown));
    const bool outside = (instants.min && *instants.min > window_.end.micros) ||
                         (instants.max && *instants.max <= window_.start.micros);
    if (outside) {
      if (file.file.count_nulls) progress_.rows_read += file.data->row_group_rows(i);
      const bool counted = watermark_.nulls_are_countable() && bounds.null_count &&
                           (*bounds.null_count == 0 || !file.file.source->deletion_vector);
      if (!file.file.count_nulls || counted) {
        if (file.file.count_nulls) skipped_nulls_ += *bounds.null_count;
        continue;
      }
      group.nulls_only = true;
    }
    file.groups.push_back(group);
  }
  std::stable_sort(file.groups.begin(), file.groups.end(),
                   [](const Group& a, const Group& b) { return a.low < b.low; });
}

void FileScan::Done(const ScanUnit& unit) {
  const MutexLock lock(mutex_);
  File& file = files_[unit.file_index];
  file.groups[unit.group_index].done = true;
  if (--file.groups_left > 0) return;
  file.state = State::kDone;
  file.data.reset();
  file.groups.clear();
  file.groups.shrink_to_fit();
  file.next_group = 0;
}

void FileScan::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

int64_t FileScan::LowWatermark() {
  const MutexLock lock(mutex_);
  while (first_left_ < files_.size() && files_[first_left_].state == State::kDone) ++first_left_;
  int64_t low = std::numeric_limits<int64_t>::max();
  for (size_t i = first_left_; i < files_.size(); ++i) {
    const File& file = files_[i];
    if (file.state == State::kDone) continue;
    if (file.state != State::kOpen) {
      low = std::min(low, file.low);
      // Those after it begin later; what is open or being opened lies before it.
      if (file.state == State::kPending) break;
      continue;
    }
    for (const Group& group : file.groups) {
      if (!group.done) low = std::min(low, group.low);
    }
  }
  return low;
}

int64_t FileScan::skipped_nulls() const {
  const MutexLock lock(mutex_);
  return skipped_nulls_;
}

}  // namespace sluice::transfer
