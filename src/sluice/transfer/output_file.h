#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/columnar/parquet_encoder.h"
#include "sluice/store/object_store.h"

namespace sluice::transfer {

/// One Parquet file of an export while it is written: an upload and the encoder on top of it.
/// Destroying it before Close() leaves the upload pending for AbortUploadsOf(). Not thread-safe.
class OutputFile {
 public:
  /// Errors name the file as people call it.
  static Result<std::unique_ptr<OutputFile>> Open(store::ObjectStore& destination,
                                                  const store::Key& key,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  const columnar::EncoderOptions& options);

  const store::Key& key() const { return key_; }
  const std::string& upload_id() const { return upload_->upload_id(); }
  Status Write(const arrow::Table& rows);
  int64_t rows() const { return encoder_->rows(); }
  /// Bytes encoded so far.
  int64_t bytes() const { return encoder_->bytes(); }
  /// The footer, and every byte durable in the store; nothing is visible.
  Result<store::PendingUpload> Close();

 private:
  OutputFile() = default;

  store::Key key_;
  std::string name_;  ///< for messages
  std::unique_ptr<store::UploadWriter> upload_;
  std::unique_ptr<columnar::ParquetEncoder> encoder_;  ///< borrows upload_
};

/// Aborts every upload below `folder` that attempt `attempt` of export `n` started, also those whose
/// start was answered too late to be known. Best effort: what can't be aborted is left to `prune`.
void AbortUploadsOf(store::ObjectStore& destination, const std::string& folder, int64_t n,
                    const std::string& attempt);

}  // namespace sluice::transfer
