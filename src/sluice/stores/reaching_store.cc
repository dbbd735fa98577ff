#include "sluice/stores/reaching_store.h"

#include <map>
#include <string>
#include <utility>

#include "sluice/base/mutex.h"
#include "sluice/store/forwarding_store.h"

namespace sluice::stores {
namespace {

using store::Location;
using OpenStore = std::function<Result<std::shared_ptr<store::ObjectStore>>(const Location&)>;

class ReachingStore : public store::ForwardingStore {
 public:
  ReachingStore(std::shared_ptr<store::ObjectStore> inner, Location location, OpenStore open)
      : ForwardingStore(std::move(inner)), location_(std::move(location)), open_(std::move(open)) {}

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
