#include "sluice/columnar/row_group_reader.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sluice/columnar/decoded_size.h"

namespace sluice::columnar {
namespace {

// A batch of which every row is the longest may be so many times as large as wanted.
constexpr double kSkew = 8;
// Rows grow by steps, since the next ones may be longer than those that were seen.
constexpr int64_t kMostGrowth = 2;
constexpr int64_t kFirstRows = 8192, kFirstRowsOfAGuess = 64;

// How many rows the next batch should have.
class BatchRows {
 public:
  BatchRows(const BatchLimit& limit, const DecodedSize& size) : limit_(limit) {
    most_ = std::max<int64_t>(limit.most_rows, 1);
    if (size.most > 0) Cap(static_cast<double>(limit.wanted_bytes) * kSkew / size.most);
    if (size.mean > 0 && !size.is_guess)
      Cap(static_cast<double>(limit.wanted_bytes) * kSkew / size.mean);
    rows_ = std::min({Filling(size.mean), most_, size.is_guess ? kFirstRowsOfAGuess : kFirstRows});
  }

  int64_t next() const { return rows_; }
  void Saw(int64_t rows, int64_t bytes) {
    const int64_t filling = Filling(static_cast<double>(bytes) / static_cast<double>(rows));
    rows_ = std::clamp<int64_t>(filling, 1, std::min(most_, rows_ * kMostGrowth));
  }
  /// The last batch was too large for Arrow. False where no smaller one is possible.
  bool Halve() {
    if (rows_ <= 1) return false;
    most_ = rows_ = rows_ / 2;
    return true;
  }

 private:
  int64_t Filling(double row_bytes) const {
    const double rows = static_cast<double>(limit_.wanted_bytes) / std::max(row_bytes, 1.0);
    return std::max<int64_t>(static_cast<int64_t>(rows), 1);
  }
  void Cap(double rows) {
    // Compared as it is: rows of next to no bytes make it larger than any integer.
    if (rows < static_cast<double>(most_)) most_ = std::max<int64_t>(static_cast<int64_t>(rows), 1);
  }

  const BatchLimit limit_;
  int64_t most_ = 1;
  int64_t rows_ = 1;
};

int64_t BytesOf(const arrow::RecordBatch& batch) {
  return arrow::util::ReferencedBufferSize(batch).ValueOr(0);
}

// The texts of a list or map in one batch come to more than one Arrow array holds.
bool IsTooLarge(const arrow::Status& status) {
  return status.IsNotImplemented() && status.message().find("chunked array") != std::string::npos;
}

class RowGroupReading {
 public:
  RowGroupReading(const ParquetFile& file, int row_group, const std::vector<int>& leaves,
                  BatchRows rows, int64_t most_bytes,
                  const std::function<Status(const arrow::RecordBatch&)>& visit)
      : file_(file),
        row_group_(row_group),
        leaves_(leaves),
        rows_(rows),
        most_bytes_(most_bytes),
        visit_(visit) {}

  Status Run() {
    while (true) {
      SLUICE_ASSIGN_OR_RETURN(const bool done, ReadOn());
      if (done) return {};
      if (rows_.Halve()) continue;
      if (too_much_) return Fail(*std::move(too_much_));
      return Fail(ErrorKind::kUnsupported, "{}: a list or map of one row holds more than 2 GiB",
                  file_.name);
    }
  }

 private:
  // From the row group's start, passing over what was visited; false where a batch was too large: for Arrow, or, as
  // too_much_ says, for the memory that it may take.
  Result<bool> ReadOn() {
    SLUICE_ASSIGN_OR_RETURN(const ParquetStream stream,
                            StreamParquet(file_, {row_group_}, leaves_, rows_.next(),
                                          MakeDecodingPool(file_, most_bytes_)));
    int64_t passed = 0;
    while (true) {
      stream.reader->set_batch_size(rows_.next());
      stream.pool->Mark();
      std::shared_ptr<arrow::RecordBatch> batch;
      bool too_large = false;
      const Status decoded = GuardParquet(file_.name, [&]() -> Status {
        const arrow::Status read = stream.batches->ReadNext(&batch);
        too_large = IsTooLarge(read);
        if (!too_large) SLUICE_ARROW_RETURN(read, file_.name);
        return {};
      });
      too_much_.reset();
      if (stream.pool->refused()) too_much_ = DecodesToTooMuch(file_, *stream.pool);
      if (too_large || too_much_) return false;
      SLUICE_RETURN_IF_ERROR(decoded);
      if (batch == nullptr) return true;
      if (batch->num_rows() == 0) continue;
      rows_.Saw(batch->num_rows(), BytesOf(*batch));
      const int64_t seen = std::min(visited_ - passed, batch->num_rows());
      passed += batch->num_rows();
      if (seen == batch->num_rows()) continue;
      if (seen > 0) batch = batch->Slice(seen);
      visited_ += batch->num_rows();
      SLUICE_RETURN_IF_ERROR(visit_(*batch));
    }
  }

  const ParquetFile& file_;
  const int row_group_;
  const std::vector<int>& leaves_;
  BatchRows rows_;
  const int64_t most_bytes_;
  const std::function<Status(const arrow::RecordBatch&)>& visit_;
  int64_t visited_ = 0;
  std::optional<Error> too_much_;
};

}  // namespace

Status ReadRowGroup(const ParquetFile& file, int row_group, const std::vector<int>& leaves,
                    const BatchLimit& limit,
                    const std::function<Status(const arrow::RecordBatch&)>& visit) {
  SLUICE_ASSIGN_OR_RETURN(const DecodedSize size,
                          GuardParquet(file.name, [&]() -> Result<DecodedSize> {
                            return EstimateDecodedSize(file, row_group, leaves, limit);
                          }));
  return RowGroupReading(file, row_group, leaves, BatchRows(limit, size), limit.most_bytes, visit)
      .Run();
}

}  // namespace sluice::columnar
