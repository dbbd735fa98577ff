// Reads one Parquet object of a bucket through our own client and through Arrow's, in turn, and prints
// seconds: bench/read_s3.py makes the object and the latency. Credentials come from the environment.
//
//     read_s3 ENDPOINT BUCKET KEY THREADS ROUNDS
#include <arrow/filesystem/s3fs.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "sluice/columnar/parquet_file.h"
#include "sluice/runtime/executor.h"
#include "sluice/store/s3/s3_store.h"

namespace sluice {
namespace {

constexpr int64_t kBatchRows = 16 * 1024;

struct Arguments {
  std::string endpoint, bucket, key;
  int threads = 1, rounds = 1;
};

using Open = std::function<Result<delta::ParquetFile>(const Arguments&)>;

Result<delta::ParquetFile> OpenByOurs(const Arguments& arguments) {
  store::S3Options options;
  options.endpoint = arguments.endpoint;
  options.region = "us-east-1";
  SLUICE_ASSIGN_OR_RETURN(const auto store, store::OpenS3Store(arguments.bucket, "", options));
  return delta::OpenParquet(*store, arguments.key);
}

Result<delta::ParquetFile> OpenByArrows(const Arguments& arguments) {
  auto options = arrow::fs::S3Options::Defaults();
  const size_t split = arguments.endpoint.find("://");
  options.scheme = arguments.endpoint.substr(0, split);
  options.endpoint_override = arguments.endpoint.substr(split + 3);
  options.region = "us-east-1";
  SLUICE_ARROW_ASSIGN(const auto system, arrow::fs::S3FileSystem::Make(options), "Arrow's S3");
  delta::ParquetFile file;
  file.name = arguments.key;
  SLUICE_ARROW_ASSIGN(file.bytes, system->OpenInputFile(arguments.bucket + "/" + arguments.key),
                      file.name);
  return delta::GuardParquet(file.name, [&]() -> Result<delta::ParquetFile> {
    file.metadata = parquet::ParquetFileReader::Open(file.bytes)->metadata();
    return file;
  });
}

/// Every row group, as an export streams it, several at once.
Result<int64_t> ReadAll(const delta::ParquetFile& file, int threads) {
  std::vector<int> columns(static_cast<size_t>(file.metadata->num_columns()));
  std::iota(columns.begin(), columns.end(), 0);
  std::atomic<int64_t> rows{0};
  const auto groups = static_cast<size_t>(file.metadata->num_row_groups());
  SLUICE_RETURN_IF_ERROR(
      runtime::ParallelFor(groups, threads, runtime::CancelToken(), [&](size_t group) -> Status {
        SLUICE_ASSIGN_OR_RETURN(
            const auto stream,
            delta::StreamParquet(file, {static_cast<int>(group)}, columns, kBatchRows));
        std::shared_ptr<arrow::RecordBatch> batch;
        while (true) {
          SLUICE_ARROW_ASSIGN(batch, stream.batches->Next(), file.name);
          if (!batch) return {};
          rows += batch->num_rows();
        }
      }));
  return rows.load();
}

Status Measure(const char* name, const Open& open, const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  SLUICE_ASSIGN_OR_RETURN(const auto file, open(arguments));
  SLUICE_ASSIGN_OR_RETURN(const int64_t rows, ReadAll(file, arguments.threads));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  fmt::print("{} {:.3f} {}\n", name, seconds.count(), rows);
  return {};
}

Status Run(const Arguments& arguments) {
  for (int round = 0; round < arguments.rounds; ++round) {
    SLUICE_RETURN_IF_ERROR(Measure("ours", OpenByOurs, arguments));
    SLUICE_RETURN_IF_ERROR(Measure("arrow", OpenByArrows, arguments));
  }
  return {};
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  if (argc != 6) {
    fmt::print(stderr, "read_s3 ENDPOINT BUCKET KEY THREADS ROUNDS\n");
    return 2;
  }
  arrow::fs::S3GlobalOptions global;
  global.log_level = arrow::fs::S3LogLevel::Fatal;
  if (!arrow::fs::InitializeS3(global).ok()) return 1;
  const sluice::Status done =
      sluice::Run({argv[1], argv[2], argv[3], std::atoi(argv[4]), std::atoi(argv[5])});
  (void)arrow::fs::FinalizeS3();
  if (!done) fmt::print(stderr, "{}\n", done.error().message);
  return done ? 0 : 1;
}
