#include "sluice/transfer/output_file.h"

#include <utility>
#include <vector>

#include "sluice/plan/output_layout.h"
#include "sluice/runtime/log.h"

namespace sluice::transfer {
namespace {

/// The store names the file in its own errors; the encoder does not know it.
Error Named(Error error, const std::string& name) {
  const bool from_store =
      error.kind != ErrorKind::kInternal && error.kind != ErrorKind::kUnsupported;
  return from_store ? error : std::move(error).Within(name);
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::Open(store::ObjectStore& destination,
                                                     const store::Key& key,
                                                     const std::shared_ptr<arrow::Schema>& schema,
                                                     const columnar::EncoderOptions& options) {
  std::unique_ptr<OutputFile> file(new OutputFile());
  file->key_ = key;
  file->name_ = destination.DisplayName(key);
  auto upload = destination.StartUpload(key);
  if (!upload) return Fail(std::move(upload).error());
  file->upload_ = *std::move(upload);
  auto encoder = columnar::ParquetEncoder::Open(file->upload_.get(), schema, options);
  if (!encoder) return Fail(Named(std::move(encoder).error(), file->name_));
  file->encoder_ = *std::move(encoder);
  return file;
}

Status OutputFile::Write(const arrow::Table& rows) {
  auto written = encoder_->WriteRowGroups(rows);
  if (!written) return Fail(Named(std::move(written).error(), name_));
  return {};
}

Result<store::PendingUpload> OutputFile::Close() {
  auto closed = encoder_->Close();
  if (!closed) return Fail(Named(std::move(closed).error(), name_));
  return upload_->Finish();
}

void AbortUploadsOf(store::ObjectStore& destination, const std::string& folder, int64_t n,
                    const std::string& attempt) {
  std::vector<store::PendingUploadInfo> ours;
  const auto listed = destination.ListUploads(folder, [&](const store::PendingUploadInfo& upload) {
    const size_t slash = upload.key.rfind('/');
    const auto name = plan::ParseDataFileName(
        std::string_view(upload.key).substr(slash == std::string::npos ? 0 : slash + 1));
    if (name && name->n == n && name->attempt == attempt) ours.push_back(upload);
    return true;
  });
  if (!listed) spdlog::debug("uploads of {} can't be listed: {}", folder, listed.error().message);
  store::TryAbort(destination, ours);
}

}  // namespace sluice::transfer
