#include "sluice/store/s3/s3_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <system_error>
#include <utility>
#include <vector>

#include "sluice/store/checksum.h"
#include "sluice/store/s3/s3_reader.h"
#include "sluice/store/s3/s3_wire.h"

namespace sluice::store {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// A part that is up, with the CRC of its bytes.
struct PartDone {
  UploadedPart part;
  uint64_t crc = 0;
};

/// One part on its way up.
struct PartTask {
  UploadBudget::Lease lease;
  std::function<Result<PartDone>(UploadBudget::Lease&)> work;

  /// What the work holds is given back at its end, not with the future that keeps the result.
  Result<PartDone> Run() {
    UploadBudget::Lease held = std::move(lease);
    const auto running = std::exchange(work, nullptr);
    try {
      return running(held);
    } catch (const std::exception& e) {
      return Fail(ErrorKind::kInternal, "unexpected exception while uploading a part: {}",
                  e.what());
    }
  }
};

/// Runs `task` beside the caller, or before this returns where the system has no thread left.
std::shared_future<Result<PartDone>> Launch(std::shared_ptr<PartTask> task) {
  try {
    return std::async(std::launch::async, [task] { return task->Run(); }).share();
  } catch (const std::system_error&) {
    std::promise<Result<PartDone>> promise;
    promise.set_value(task->Run());
    return promise.get_future().share();
  }
}

Result<S3Response> Ok(tl::expected<S3Response, S3Failure> sent) {
  if (!sent) return Fail(std::move(sent).error().error);
  return std::move(*sent);
}

class S3UploadWriter : public UploadWriter {
 public:
  S3UploadWriter(std::shared_ptr<const S3Client> client, std::shared_ptr<UploadBudget> budget,
                 std::string root, Key key, std::string upload_id)
      : client_(std::move(client)),
        budget_(std::move(budget)),
        root_(std::move(root)),
        key_(std::move(key)),
        upload_id_(std::move(upload_id)) {}

  // Parts on their way use what the writer owns.
  ~S3UploadWriter() override {
    for (auto& part : parts_) part.wait();
  }

  const std::string& upload_id() const override { return upload_id_; }

  Status Append(std::span<const uint8_t> bytes) override {
    while (!bytes.empty()) {
      const auto room = static_cast<size_t>(NextPartSize()) - buffer_.size();
      const size_t taken = std::min(room, bytes.size());
      buffer_.append(reinterpret_cast<const char*>(bytes.data()), taken);
      bytes = bytes.subspan(taken);
      if (static_cast<int64_t>(buffer_.size()) == NextPartSize()) SLUICE_RETURN_IF_ERROR(Flush());
    }
    return {};
  }

  Status AppendCopy(const Key& source_key, std::string_view source_etag, int64_t offset,
                    int64_t length) override {
    // Parts that are too small for S3, before the copy or as the copy, go through this process.
    const auto pending = static_cast<int64_t>(buffer_.size());
    int64_t through_us = pending == 0 ? 0 : std::max<int64_t>(0, PartSizes::kSmallest - pending);
    if (length - through_us < PartSizes::kSmallest) through_us = length;
    SLUICE_RETURN_IF_ERROR(Fetch(source_key, source_etag, offset, through_us));
    offset += through_us;
    length -= through_us;
    if (length == 0) return {};
    if (!buffer_.empty()) SLUICE_RETURN_IF_ERROR(Flush());
    while (length > 0) {
      int64_t piece = std::min(length, std::max(PartSizes::kLargestCopy, NextPartSize()));
      // No piece but the last may be too small.
      if (length - piece > 0 && length - piece < PartSizes::kSmallest) piece = length / 2;
      SLUICE_RETURN_IF_ERROR(Copy(source_key, std::string(source_etag), offset, piece));
      offset += piece;
      length -= piece;
    }
    return {};
  }

  Result<PendingUpload> Finish() override {
    if (!buffer_.empty() || parts_.empty()) SLUICE_RETURN_IF_ERROR(Flush());
    PendingUpload upload{key_, upload_id_, {}, 0, {}};
    Crc64Nvme whole;
    checked_ = 0;
    for (auto& part : std::exchange(parts_, {})) {
      SLUICE_ASSIGN_OR_RETURN(PartDone done, part.get());
      whole.Combine(done.crc, done.part.size);
      upload.size += done.part.size;
      upload.parts.push_back(std::move(done.part));
    }
    upload.checksum = whole.ToString();
    return upload;
  }

 private:
  int next_number() const { return static_cast<int>(parts_.size()) + 1; }
  int64_t NextPartSize() const { return PartSizes::Of(next_number()); }
  std::string full_key() const { return root_ + key_; }

  /// Runs `work`, which holds `bytes` in memory, beside us once there is room for it. Fails early if an older
  /// part has failed.
  Status Begin(int64_t bytes, std::function<Result<PartDone>(UploadBudget::Lease&)> work) {
    if (next_number() > PartSizes::kMostParts) {
      return Fail(ErrorKind::kUnsupported, "{}: needs more than {} parts",
                  client_->DisplayName(full_key()), PartSizes::kMostParts);
    }
    SLUICE_ASSIGN_OR_RETURN(auto lease, budget_->Take(bytes, client_->cancel()));
    parts_.push_back(
        Launch(std::make_shared<PartTask>(PartTask{std::move(lease), std::move(work)})));
    // Parts come to their end nearly in order: those behind the first that has not are looked at later.
    while (checked_ < parts_.size() &&
           parts_[checked_].wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
      if (!parts_[checked_].get()) return Fail(parts_[checked_].get().error());
      ++checked_;
    }
    return {};
  }

  Status Flush() {
    const int number = next_number();
    const auto size = static_cast<int64_t>(buffer_.size());
    return Begin(size, [this, number, bytes = std::exchange(buffer_, {})](UploadBudget::Lease&) {
      return Send(number, bytes);
    });
  }

  aws::QueryList PartQuery(int number) const {
    return {{"partNumber", std::to_string(number)}, {"uploadId", upload_id_}};
  }

  Result<PartDone> Send(int number, const std::string& bytes) const {
    Crc64Nvme crc;
    crc.Update(Bytes(bytes));
    S3Request request;
    request.method = "PUT";
    request.key = full_key();
    request.query = PartQuery(number);
    request.headers = {{"x-amz-checksum-crc64nvme", EncodeCrc64Nvme(crc.value())}};
    request.body = bytes;
    request.action = "uploading a part";
    request.is_cancellable = true;
    SLUICE_ASSIGN_OR_RETURN(const S3Response response, Taken(client_->Send(request)));
    const std::string etag = UnquoteEtag(response.http.header("etag"));
    return PartDone{{number, etag, static_cast<int64_t>(bytes.size()), crc.ToString()},
                    crc.value()};
  }

  /// The answer to a part. An upload that was aborted is started again by a later try.
  Result<S3Response> Taken(tl::expected<S3Response, S3Failure> sent) const {
    if (sent || sent.error().fault.code != "NoSuchUpload") return Ok(std::move(sent));
    return Fail(
        Error{ErrorKind::kTransient,
              fmt::format("{}: its upload was aborted while it was written",
                          client_->DisplayName(full_key())),
              "run again; if it happens again, see whether a lifecycle rule aborts uploads"});
  }

  /// Appends bytes of a source through memory.
  Status Fetch(const Key& source_key, std::string_view source_etag, int64_t offset,
               int64_t length) {
    std::vector<uint8_t> bytes;
    while (length > 0) {
      bytes.resize(static_cast<size_t>(std::min(length, PartSizes::kFirst)));
      SLUICE_RETURN_IF_ERROR(
          ReadRange(*client_, root_ + source_key, std::string(source_etag), offset, bytes));
      SLUICE_RETURN_IF_ERROR(Append(bytes));
      offset += static_cast<int64_t>(bytes.size());
      length -= static_cast<int64_t>(bytes.size());
    }
    return {};
  }

  Status Copy(const Key& source_key, std::string source_etag, int64_t offset, int64_t length) {
    const int number = next_number();
    return Begin(0, [this, number, source_key, source_etag = std::move(source_etag), offset,
                     length](UploadBudget::Lease& lease) {
      return SendCopy(number, source_key, source_etag, offset, length, lease);
    });
  }

  Result<PartDone> SendCopy(int number, const Key& source_key, const std::string& source_etag,
                            int64_t offset, int64_t length, UploadBudget::Lease& lease) const {
    S3Request request;
    request.method = "PUT";
    request.key = full_key();
    request.query = PartQuery(number);
    request.headers = {
        {"x-amz-copy-source", "/" + aws::UriEncode(client_->bucket(), false) + "/" +
                                  aws::UriEncode(root_ + source_key, true)},
        {"x-amz-copy-source-range", fmt::format("bytes={}-{}", offset, offset + length - 1)}};
    if (!source_etag.empty()) {
      request.headers.emplace_back("x-amz-copy-source-if-match", "\"" + source_etag + "\"");
    }
    const std::string action =
        fmt::format("copying a part of {}", client_->DisplayName(root_ + source_key));
    request.action = action;
    request.has_document = true;
    request.is_cancellable = true;
    auto sent = client_->Send(request);
    if (!sent && CanNotCopy(sent.error().fault)) {
      return SendFetched(number, source_key, source_etag, offset, length, lease);
    }
    SLUICE_ASSIGN_OR_RETURN(const S3Response response, Taken(std::move(sent)));
    SLUICE_ASSIGN_OR_RETURN(const CopiedPart copied, ParseCopiedPart(response.http.body));
    uint64_t crc = 0;
    if (copied.crc64nvme) {
      crc = *copied.crc64nvme;
    } else {
      SLUICE_ASSIGN_OR_RETURN(crc, CrcOfRange(source_key, source_etag, offset, length));
    }
    // A checksum that the server does not keep is none that it could be asked to compare.
    return PartDone{
        {number, copied.etag, length, copied.crc64nvme ? Crc64Nvme::ToString(crc) : std::string()},
        crc};
  }

  /// For servers that do not copy: MinIO computes no checksum of a copy and then misses it.
  static bool CanNotCopy(const aws::Fault& fault) {
    return fault.code == "NotImplemented" ||
           (fault.code == "InvalidArgument" &&
            fault.message.find("checksum missing") != std::string::npos);
  }
  Result<PartDone> SendFetched(int number, const Key& source_key, const std::string& source_etag,
                               int64_t offset, int64_t length, UploadBudget::Lease& lease) const {
    SLUICE_RETURN_IF_ERROR(lease.Grow(length, client_->cancel()));
    std::string bytes(static_cast<size_t>(length), '\0');
    SLUICE_RETURN_IF_ERROR(ReadRange(*client_, root_ + source_key, source_etag, offset,
                                     {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}));
    return Send(number, bytes);
  }

  /// For servers that do not report the CRC of what they copied.
  Result<uint64_t> CrcOfRange(const Key& source_key, const std::string& source_etag, int64_t offset,
                              int64_t length) const {
    Crc64Nvme crc;
    std::vector<uint8_t> bytes;
    while (length > 0) {
      bytes.resize(static_cast<size_t>(std::min(length, PartSizes::kFirst)));
      SLUICE_RETURN_IF_ERROR(ReadRange(*client_, root_ + source_key, source_etag, offset, bytes));
      crc.Update(bytes);
      offset += static_cast<int64_t>(bytes.size());
      length -= static_cast<int64_t>(bytes.size());
    }
    return crc.value();
  }

  const std::shared_ptr<const S3Client> client_;
  const std::shared_ptr<UploadBudget> budget_;
  const std::string root_;
  const Key key_;
  const std::string upload_id_;
  std::string buffer_;
  std::vector<std::shared_future<Result<PartDone>>> parts_;
  size_t checked_ = 0;  ///< so many of them, from the first on, are known to be well
};

}  // namespace

aws::HeaderList EncryptionHeaders(const ServerEncryption& encryption) {
  switch (encryption.type) {
    case ServerEncryption::Type::kNone:
      break;
    case ServerEncryption::Type::kSseS3:
      return {{"x-amz-server-side-encryption", "AES256"}};
    case ServerEncryption::Type::kSseKms: {
      aws::HeaderList headers = {{"x-amz-server-side-encryption", "aws:kms"},
                                 {"x-amz-server-side-encryption-bucket-key-enabled", "true"}};
      if (encryption.kms_key_id) {
        headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", *encryption.kms_key_id);
      }
      return headers;
    }
  }
  return {};
}

Result<std::unique_ptr<UploadWriter>> StartS3Upload(std::shared_ptr<const S3Client> client,
                                                    std::shared_ptr<UploadBudget> budget,
                                                    const ServerEncryption& encryption,
                                                    const std::string& root, const Key& key) {
  S3Request request;
  request.method = "POST";
  request.key = root + key;
  request.query = {{"uploads", ""}};
  request.headers = EncryptionHeaders(encryption);
  request.headers.emplace_back("x-amz-checksum-algorithm", "CRC64NVME");
  request.headers.emplace_back("x-amz-checksum-type", "FULL_OBJECT");
  request.action = "starting an upload";
  request.has_document = true;
  request.is_cancellable = true;
  SLUICE_ASSIGN_OR_RETURN(const S3Response response, Ok(client->Send(request)));
  SLUICE_ASSIGN_OR_RETURN(std::string id, ParseUploadId(response.http.body));
  return std::make_unique<S3UploadWriter>(std::move(client), std::move(budget), root, key,
                                          std::move(id));
}

}  // namespace sluice::store
