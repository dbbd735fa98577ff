#include "sluice/verify/row_totals.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sluice/columnar/row_hash.h"

namespace sluice::verify {
namespace {

using columnar::RowHash;

constexpr size_t kRowsShown = 3;
constexpr size_t kTextShown = 300;
constexpr std::string_view kThere = "at the destination", kHere = "in the source";

std::string RowText(const arrow::RecordBatch& rows, int64_t row) {
  std::string text = "{";
  for (int c = 0; c < rows.num_columns(); ++c) {
    const auto value = rows.column(c)->GetScalar(row);
    if (c > 0) text += ", ";
    text += rows.schema()->field(c)->name() + ": " + (value.ok() ? (*value)->ToString() : "?");
  }
  if (text.size() > kTextShown) text = text.substr(0, kTextShown) + "...";
  return text + "}";
}

/// The hashes of one partition's rows whose hash falls into share `index` of `count`, sorted.
Result<std::vector<RowHash>> CollectHashes(const RowSide& side, const std::string& partition,
                                           uint64_t count, uint64_t index) {
  std::mutex mutex;
  std::vector<RowHash> hashes;
  SLUICE_RETURN_IF_ERROR(
      side([&](const arrow::RecordBatch& rows, const std::string& folder) -> Status {
        if (folder != partition) return {};
        SLUICE_ASSIGN_OR_RETURN(const auto batch, columnar::HashRows(rows));
        const std::lock_guard lock(mutex);
        for (const RowHash& hash : batch) {
          if (hash.high % count == index) hashes.push_back(hash);
        }
        return {};
      }));
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

/// Rows that one side has more often than the other: a remark on each, by its hash.
using Remarks = std::map<RowHash, std::string>;

/// Finds rows with these hashes and adds a line for each hash.
Status ShowRows(const RowSide& side, const std::string& partition, Remarks wanted,
                std::vector<std::string>& lines) {
  std::mutex mutex;
  return side([&](const arrow::RecordBatch& rows, const std::string& folder) -> Status {
    if (folder != partition) return {};
    SLUICE_ASSIGN_OR_RETURN(const auto hashes, columnar::HashRows(rows));
    const std::lock_guard lock(mutex);
    for (size_t row = 0; row < hashes.size() && !wanted.empty(); ++row) {
      const auto found = wanted.find(hashes[row]);
      if (found == wanted.end()) continue;
      lines.push_back(
          fmt::format("{}: {}", found->second, RowText(rows, static_cast<int64_t>(row))));
      wanted.erase(found);
    }
    return {};
  });
}

std::string Times(int64_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

/// A few of the rows that `a` has more often than `b`; both sorted.
Remarks MoreOften(const std::vector<RowHash>& a, std::string_view in_a,
                  const std::vector<RowHash>& b, std::string_view in_b) {
  Remarks remarks;
  for (auto row = a.begin(); row != a.end() && remarks.size() < kRowsShown;) {
    const auto end = std::upper_bound(row, a.end(), *row);
    const auto [first, last] = std::equal_range(b.begin(), b.end(), *row);
    if (end - row > last - first) {
      remarks[*row] = first == last ? fmt::format("only {}", in_a)
                                    : fmt::format("{} {}, {} {}", Times(end - row), in_a,
                                                  Times(last - first), in_b);
    }
    row = end;
  }
  return remarks;
}

Result<int64_t> CountRows(const RowSide& side, const std::string& partition) {
  std::mutex mutex;
  int64_t count = 0;
  SLUICE_RETURN_IF_ERROR(
      side([&](const arrow::RecordBatch& rows, const std::string& folder) -> Status {
        const std::lock_guard lock(mutex);
        if (folder == partition) count += rows.num_rows();
        return {};
      }));
  return count;
}

}  // namespace

void RowTotal::Add(const RowTotal& other) {
  rows += other.rows;
  hash.Add(other.hash);
}

Status RowTotals::Add(const arrow::RecordBatch& rows, const std::string& partition) {
  SLUICE_ASSIGN_OR_RETURN(const RowHashSum sum, columnar::SumRowHashes(rows));
  const MutexLock lock(mutex_);
  totals_[partition].Add(RowTotal{rows.num_rows(), sum});
  return {};
}

RowTotal RowTotals::All() const {
  const MutexLock lock(mutex_);
  RowTotal all;
  for (const auto& [partition, total] : totals_) all.Add(total);
  return all;
}

std::map<std::string, RowTotal> RowTotals::ByPartition() const {
  const MutexLock lock(mutex_);
  return totals_;
}

Result<std::vector<std::string>> FindDifferingRows(const RowSide& destination,
                                                   const RowSide& source,
                                                   const std::string& partition,
                                                   int64_t memory_bytes) {
  SLUICE_ASSIGN_OR_RETURN(const int64_t there, CountRows(destination, partition));
  SLUICE_ASSIGN_OR_RETURN(const int64_t here, CountRows(source, partition));
  const auto hash_bytes = static_cast<int64_t>(sizeof(RowHash));
  const auto count = static_cast<uint64_t>(
      (there + here) * hash_bytes / std::max<int64_t>(memory_bytes / 4, hash_bytes) + 1);
  std::vector<std::string> lines;
  for (uint64_t index = 0; index < count && lines.empty(); ++index) {
    SLUICE_ASSIGN_OR_RETURN(const auto a, CollectHashes(destination, partition, count, index));
    SLUICE_ASSIGN_OR_RETURN(const auto b, CollectHashes(source, partition, count, index));
    SLUICE_RETURN_IF_ERROR(ShowRows(destination, partition, MoreOften(a, kThere, b, kHere), lines));
    SLUICE_RETURN_IF_ERROR(ShowRows(source, partition, MoreOften(b, kHere, a, kThere), lines));
  }
  return lines;
}

}  // namespace sluice::verify
