#include "sluice/testing/faulty_store.h"

#include <type_traits>
#include <utility>

#include "sluice/base/mutex.h"

namespace sluice::testing {

using store::Key;

/// What the store and the readers and writers that it hands out have in common.
struct FaultyStore::Shared {
  std::shared_ptr<store::ObjectStore> inner;
  Plan plan;

  mutable Mutex mutex;
  bool dead SLUICE_GUARDED_BY(mutex) = false;
  std::vector<std::string> trace SLUICE_GUARDED_BY(mutex);  // one entry a call

  /// Counts the call and says what happens to it. The plan runs without the lock: it may use stores.
  Fault Begin(std::string_view operation, const Key& key) {
    int call = 0;
    {
      const MutexLock lock(mutex);
      if (dead) return Fault::kFailBefore;
      call = static_cast<int>(trace.size()) + 1;
      trace.push_back(fmt::format("{} {} {}", call, operation, key));
    }
    const Fault fault = plan(call, operation, key);
    if (fault == Fault::kDieBefore || fault == Fault::kDieAfter) {
      const MutexLock lock(mutex);
      dead = true;
    }
    return fault;
  }

  /// `work()` as the plan lets it happen. Work returns a Status or Result.
  template <typename Work>
  std::invoke_result_t<Work> Call(std::string_view operation, const Key& key, Work work) {
    const Fault fault = Begin(operation, key);
    if (fault == Fault::kFailBefore || fault == Fault::kDieBefore) {
      return Fail(ErrorKind::kTransient, "injected: {} of {} was not done", operation, key);
    }
    auto outcome = work();
    if (fault == Fault::kLoseReply || fault == Fault::kDieAfter) {
      return Fail(ErrorKind::kTransient, "injected: the reply to {} of {} was lost", operation,
                  key);
    }
    return outcome;
  }
};

namespace {

template <typename Shared>
class FaultyReader : public store::ObjectReader {
 public:
  FaultyReader(std::shared_ptr<Shared> shared, Key key, std::unique_ptr<store::ObjectReader> inner)
      : shared_(std::move(shared)), key_(std::move(key)), inner_(std::move(inner)) {}
  int64_t size() const override { return inner_->size(); }
  Status ReadAt(int64_t offset, std::span<uint8_t> out) const override {
    return shared_->Call("ReadAt", key_, [&] { return inner_->ReadAt(offset, out); });
  }

 private:
  const std::shared_ptr<Shared> shared_;
  const Key key_;
  const std::unique_ptr<store::ObjectReader> inner_;
};

template <typename Shared>
class FaultyWriter : public store::UploadWriter {
 public:
  FaultyWriter(std::shared_ptr<Shared> shared, Key key, std::unique_ptr<store::UploadWriter> inner)
      : shared_(std::move(shared)), key_(std::move(key)), inner_(std::move(inner)) {}
  const std::string& upload_id() const override { return inner_->upload_id(); }
  Status Append(std::span<const uint8_t> bytes) override {
    return shared_->Call("Append", key_, [&] { return inner_->Append(bytes); });
  }
  Status AppendCopy(const Key& source_key, std::string_view source_etag, int64_t offset,
                    int64_t length) override {
    return shared_->Call("AppendCopy", key_, [&] {
      return inner_->AppendCopy(source_key, source_etag, offset, length);
    });
  }
  Result<store::PendingUpload> Finish() override {
    return shared_->Call("Finish", key_, [&] { return inner_->Finish(); });
  }

 private:
  const std::shared_ptr<Shared> shared_;
  const Key key_;
  const std::unique_ptr<store::UploadWriter> inner_;
};

}  // namespace

FaultyStore::FaultyStore(std::shared_ptr<store::ObjectStore> inner, Plan plan)
    : shared_(std::make_shared<Shared>()) {
  shared_->inner = std::move(inner);
  shared_->plan = std::move(plan);
}

FaultyStore::~FaultyStore() = default;

int FaultyStore::calls() const {
  const MutexLock lock(shared_->mutex);
  return static_cast<int>(shared_->trace.size());
}

bool FaultyStore::dead() const {
  const MutexLock lock(shared_->mutex);
  return shared_->dead;
}

std::vector<std::string> FaultyStore::trace() const {
  const MutexLock lock(shared_->mutex);
  return shared_->trace;
}

std::string FaultyStore::DisplayName(const Key& key) const {
  return shared_->inner->DisplayName(key);
}

Result<store::ObjectInfo> FaultyStore::Head(const Key& key) const {
  return shared_->Call("Head", key, [&] { return shared_->inner->Head(key); });
}

Result<std::string> FaultyStore::Get(const Key& key) const {
  return shared_->Call("Get", key, [&] { return shared_->inner->Get(key); });
}

Result<std::unique_ptr<store::ObjectReader>> FaultyStore::Open(const Key& key) const {
  SLUICE_ASSIGN_OR_RETURN(auto reader,
                          shared_->Call("Open", key, [&] { return shared_->inner->Open(key); }));
  return std::make_unique<FaultyReader<Shared>>(shared_, key, std::move(reader));
}

Status FaultyStore::List(const Key& prefix, const Key& start_after,
                         const std::function<bool(const store::ObjectInfo&)>& visit) const {
  return shared_->Call("List", prefix,
                       [&] { return shared_->inner->List(prefix, start_after, visit); });
}

Result<std::vector<std::string>> FaultyStore::ListFolders(const Key& prefix) const {
  return shared_->Call("ListFolders", prefix, [&] { return shared_->inner->ListFolders(prefix); });
}

Result<store::PutOutcome> FaultyStore::PutIfAbsent(const Key& key, std::string_view bytes) {
  return shared_->Call("PutIfAbsent", key, [&] { return shared_->inner->PutIfAbsent(key, bytes); });
}

Status FaultyStore::Put(const Key& key, std::string_view bytes) {
  return shared_->Call("Put", key, [&] { return shared_->inner->Put(key, bytes); });
}

Status FaultyStore::Delete(const Key& key) {
  return shared_->Call("Delete", key, [&] { return shared_->inner->Delete(key); });
}

Result<std::unique_ptr<store::UploadWriter>> FaultyStore::StartUpload(const Key& key) {
  SLUICE_ASSIGN_OR_RETURN(auto writer, shared_->Call("StartUpload", key, [&] {
    return shared_->inner->StartUpload(key);
  }));
  return std::make_unique<FaultyWriter<Shared>>(shared_, key, std::move(writer));
}

Result<store::CompleteOutcome> FaultyStore::CompleteUpload(const store::PendingUpload& upload) {
  return shared_->Call("CompleteUpload", upload.key,
                       [&] { return shared_->inner->CompleteUpload(upload); });
}

Status FaultyStore::AbortUpload(const Key& key, const std::string& upload_id) {
  return shared_->Call("AbortUpload", key,
                       [&] { return shared_->inner->AbortUpload(key, upload_id); });
}

Status FaultyStore::ListUploads(
    const Key& prefix, const std::function<bool(const store::PendingUploadInfo&)>& visit) const {
  return shared_->Call("ListUploads", prefix,
                       [&] { return shared_->inner->ListUploads(prefix, visit); });
}

}  // namespace sluice::testing
