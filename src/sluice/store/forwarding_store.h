#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/store/object_store.h"

namespace sluice::store {

/// Hands every call on to another store. A store that does one thing differently derives from it. As thread-safe as
/// the other one, which it keeps alive.
class ForwardingStore : public ObjectStore {
 public:
  explicit ForwardingStore(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}

  std::string DisplayName(const Key& key) const override { return inner_->DisplayName(key); }
  std::optional<Timestamp> StoreTime() const override { return inner_->StoreTime(); }
  Result<ObjectInfo> Head(const Key& key) const override { return inner_->Head(key); }
  Result<std::string> Get(const Key& key) const override { return inner_->Get(key); }
  Result<std::unique_ptr<ObjectReader>> Open(const Key& key) const override {
    return inner_->Open(key);
  }
  Result<std::unique_ptr<ObjectReader>> OpenElsewhere(const std::string& address) const override {
    return inner_->OpenElsewhere(address);
  }
  Status List(const Key& prefix, const Key& start_after,
              const std::function<bool(const ObjectInfo&)>& visit) const override {
    return inner_->List(prefix, start_after, visit);
  }
  Result<std::vector<std::string>> ListFolders(const Key& prefix) const override {
    return inner_->ListFolders(prefix);
  }
  Result<PutOutcome> PutIfAbsent(const Key& key, std::string_view bytes) override {
    return inner_->PutIfAbsent(key, bytes);
  }
  Status Put(const Key& key, std::string_view bytes) override { return inner_->Put(key, bytes); }
  Status Delete(const Key& key) override { return inner_->Delete(key); }
  Result<std::unique_ptr<UploadWriter>> StartUpload(const Key& key) override {
    return inner_->StartUpload(key);
  }
  int64_t upload_buffer_bytes() const override { return inner_->upload_buffer_bytes(); }
  Result<CompleteOutcome> CompleteUpload(const PendingUpload& upload) override {
    return inner_->CompleteUpload(upload);
  }
  Status AbortUpload(const Key& key, const std::string& upload_id) override {
    return inner_->AbortUpload(key, upload_id);
  }
  Status ListUploads(const Key& prefix,
                     const std::function<bool(const PendingUploadInfo&)>& visit) const override {
    return inner_->ListUploads(prefix, visit);
  }

 protected:
  const std::shared_ptr<ObjectStore> inner_;
};

}  // namespace sluice::store
