#include "sluice/stores/reaching_store.h"

#include <map>
#include <string>
#include <utility>

#include "sluice/base/mutex.h"

namespace sluice::stores {
namespace {

using store::Key;
using store::Location;
using OpenStore = std::function<Result<std::shared_ptr<store::ObjectStore>>(const Location&)>;

class ReachingStore : public store::ObjectStore {
 public:
  ReachingStore(std::shared_ptr<store::ObjectStore> inner, Location location, OpenStore open)
      : inner_(std::move(inner)), location_(std::move(location)), open_(std::move(open)) {}

  Result<std::unique_ptr<store::ObjectReader>> OpenElsewhere(
      const std::string& address) const override {
    if (!address.starts_with('/') && !address.starts_with("s3://")) {
      return inner_->OpenElsewhere(address);
    }
    SLUICE_ASSIGN_OR_RETURN(const Location at, store::ParseLocation(address, "/"));
    const bool local = at.scheme == Location::Scheme::kLocal;
    if (local && location_.scheme != Location::Scheme::kLocal) {
      return inner_->OpenElsewhere(address);
    }
    SLUICE_ASSIGN_OR_RETURN(const auto place, PlaceOf(at));
    // One store serves a whole bucket; on the disk there is one a folder, which costs nothing.
    return place->Open(local ? at.LastPart() : at.path);
  }

  std::string DisplayName(const Key& key) const override { return inner_->DisplayName(key); }
  std::optional<Timestamp> StoreTime() const override { return inner_->StoreTime(); }
  Result<store::ObjectInfo> Head(const Key& key) const override { return inner_->Head(key); }
  Result<std::string> Get(const Key& key) const override { return inner_->Get(key); }
  Result<std::unique_ptr<store::ObjectReader>> Open(const Key& key) const override {
    return inner_->Open(key);
  }
  Status List(const Key& prefix, const Key& start_after,
              const std::function<bool(const store::ObjectInfo&)>& visit) const override {
    return inner_->List(prefix, start_after, visit);
  }
  Result<std::vector<std::string>> ListFolders(const Key& prefix) const override {
    return inner_->ListFolders(prefix);
  }
  Result<store::PutOutcome> PutIfAbsent(const Key& key, std::string_view bytes) override {
    return inner_->PutIfAbsent(key, bytes);
  }
  Status Put(const Key& key, std::string_view bytes) override { return inner_->Put(key, bytes); }
  Status Delete(const Key& key) override { return inner_->Delete(key); }
  Result<std::unique_ptr<store::UploadWriter>> StartUpload(const Key& key) override {
    return inner_->StartUpload(key);
  }
  int64_t upload_buffer_bytes() const override { return inner_->upload_buffer_bytes(); }
  Result<store::CompleteOutcome> CompleteUpload(const store::PendingUpload& upload) override {
    return inner_->CompleteUpload(upload);
  }
  Status AbortUpload(const Key& key, const std::string& upload_id) override {
    return inner_->AbortUpload(key, upload_id);
  }
  Status ListUploads(
      const Key& prefix,
      const std::function<bool(const store::PendingUploadInfo&)>& visit) const override {
    return inner_->ListUploads(prefix, visit);
  }

 private:
  Result<std::shared_ptr<store::ObjectStore>> PlaceOf(const Location& at) const {
    Location root{Location::Scheme::kS3, at.bucket, ""};
    if (at.scheme == Location::Scheme::kLocal) {
      SLUICE_ASSIGN_OR_RETURN(root, at.Parent());
    }
    const MutexLock lock(mutex_);
    auto& place = places_[root.ToString()];
    if (!place) {
      SLUICE_ASSIGN_OR_RETURN(place, open_(root));
    }
    return place;
  }

  const std::shared_ptr<store::ObjectStore> inner_;
  const Location location_;
  const OpenStore open_;
  mutable Mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<store::ObjectStore>> places_
      SLUICE_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<store::ObjectStore> ReachElsewhere(std::shared_ptr<store::ObjectStore> inner,
                                                   Location location, OpenStore open) {
  return std::make_shared<ReachingStore>(std::move(inner), std::move(location), std::move(open));
}

}  // namespace sluice::stores
