#include "sluice/columnar/arrow_io.h"

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/util/future.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace sluice::columnar {
namespace {

constexpr const char* kDetailType = "sluice::Error";

/// One of our errors inside an arrow::Status.
class ErrorDetail : public arrow::StatusDetail {
 public:
  explicit ErrorDetail(Error error) : error_(std::move(error)) {}
  const char* type_id() const override { return kDetailType; }
  std::string ToString() const override { return error_.message; }
  const Error& error() const { return error_; }

 private:
  const Error error_;
};

arrow::Status ToArrow(const Status& status) {
  return status ? arrow::Status::OK() : columnar::ToArrow(status.error());
}

class ObjectFile : public arrow::io::RandomAccessFile {
 public:
  explicit ObjectFile(std::unique_ptr<store::ObjectReader> reader) : reader_(std::move(reader)) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> GetSize() override { return reader_->size(); }

  arrow::Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override {
    if (position < 0 || nbytes < 0) return arrow::Status::Invalid("negative range");
    const int64_t length = std::clamp<int64_t>(reader_->size() - position, 0, nbytes);
    const std::span<uint8_t> target(static_cast<uint8_t*>(out), static_cast<size_t>(length));
    ARROW_RETURN_NOT_OK(ToArrow(reader_->ReadAt(position, target)));
    return length;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t nbytes) override {
    if (position < 0 || nbytes < 0) return arrow::Status::Invalid("negative range");
    // A damaged footer may ask for more than there is: allocate what can be read.
    const int64_t length = std::clamp<int64_t>(reader_->size() - position, 0, nbytes);
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(length));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, length, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  arrow::Result<int64_t> Read(int64_t nbytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, nbytes, out));
    position_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, nbytes));
    position_ += buffer->size();
    return buffer;
  }

 private:
  const std::unique_ptr<store::ObjectReader> reader_;
  int64_t position_ = 0;
  bool closed_ = false;
};

class UploadStream : public arrow::io::OutputStream {
 public:
  explicit UploadStream(store::UploadWriter* writer) : writer_(writer) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return written_; }
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t nbytes) override {
    ARROW_RETURN_NOT_OK(
        ToArrow(writer_->Append({static_cast<const uint8_t*>(data), static_cast<size_t>(nbytes)})));
    written_ += nbytes;
    return arrow::Status::OK();
  }

 private:
  store::UploadWriter* const writer_;
  int64_t written_ = 0;
  bool closed_ = false;
};

ErrorKind KindOf(const arrow::Status& status) {
  switch (status.code()) {
    case arrow::StatusCode::NotImplemented:
    case arrow::StatusCode::TypeError:
      return ErrorKind::kUnsupported;
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::UnknownError:
      return ErrorKind::kInternal;
    case arrow::StatusCode::Cancelled:
      return ErrorKind::kCancelled;
    default:
      // Our own files report their errors as details, so an IOError is Parquet's word for bad bytes.
      return ErrorKind::kCorrupt;
  }
}

}  // namespace

Error FromArrow(const arrow::Status& status, std::string_view context) {
  if (const auto& detail = status.detail(); detail && detail->type_id() == kDetailType) {
    return static_cast<const ErrorDetail&>(*detail).error();
  }
  return Error{KindOf(status), fmt::format("{}: {}", context, status.message()), {}};
}

arrow::Status ToArrow(const Error& error) {
  return arrow::Status(arrow::StatusCode::IOError, error.message,
                       std::make_shared<ErrorDetail>(error));
}

void ReturnFreedMemory() {
  constexpr int kDecayMilliseconds = 50;  // 0 costs as much system time as the work itself
  // An Arrow that was built without jemalloc refuses, and keeps its own allocator.
  if (!arrow::jemalloc_set_decay_ms(kDecayMilliseconds).ok()) return;
  setenv("ARROW_DEFAULT_MEMORY_POOL", "jemalloc", /*overwrite=*/0);
}

std::shared_ptr<arrow::io::RandomAccessFile> MakeRandomAccessFile(
    std::unique_ptr<store::ObjectReader> reader) {
  return std::make_shared<ObjectFile>(std::move(reader));
}

std::shared_ptr<arrow::io::OutputStream> MakeOutputStream(store::UploadWriter* writer) {
  return std::make_shared<UploadStream>(writer);
}

}  // namespace sluice::columnar
