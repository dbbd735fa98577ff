#include "sluice/simulation/hooked_store.h"

#include <type_traits>
#include <utility>

namespace sluice::simulation {
namespace {

using store::Key;
using testing::Fault;

/// Whether a successful outcome altered anything.
template <typename Outcome>
bool Altered(const Outcome& outcome) {
  if constexpr (std::is_same_v<Outcome, Result<store::PutOutcome>>) {
    return *outcome == store::PutOutcome::kCreated;
  } else if constexpr (std::is_same_v<Outcome, Result<store::CompleteOutcome>>) {
    return *outcome == store::CompleteOutcome::kCompleted;
  } else {
    return true;
  }
}

/// `work()` as the hook lets it happen. Work returns a Status or Result and may complete `call`.
template <typename Work>
std::invoke_result_t<Work> Through(CallHook& hook, Call& call, Work work) {
  const Fault fault = hook.Before(call);
  if (fault == Fault::kFailBefore || fault == Fault::kDieBefore) {
    return Fail(ErrorKind::kTransient, "injected: {} of {} was not done", call.operation, call.key);
  }
  auto outcome = work();
  if (outcome) hook.Done(call, Altered(outcome));
  if (fault == Fault::kLoseReply || fault == Fault::kDieAfter) {
    return Fail(ErrorKind::kTransient, "injected: the reply to {} of {} was lost", call.operation,
                call.key);
  }
  return outcome;
}

class HookedReader : public store::ObjectReader {
 public:
  HookedReader(Place place, Key key, std::unique_ptr<store::ObjectReader> inner,
               std::shared_ptr<CallHook> hook)
      : place_(place), key_(std::move(key)), inner_(std::move(inner)), hook_(std::move(hook)) {}
  int64_t size() const override { return inner_->size(); }
  Status ReadAt(int64_t offset, std::span<uint8_t> out) const override {
    Call call{place_, "ReadAt", key_, {}, {}};
    return Through(*hook_, call, [&] { return inner_->ReadAt(offset, out); });
  }

 private:
  const Place place_;
  const Key key_;
  const std::unique_ptr<store::ObjectReader> inner_;
  const std::shared_ptr<CallHook> hook_;
};

class HookedWriter : public store::UploadWriter {
 public:
  HookedWriter(Place place, Key key, std::unique_ptr<store::UploadWriter> inner,
               std::shared_ptr<CallHook> hook)
      : place_(place), key_(std::move(key)), inner_(std::move(inner)), hook_(std::move(hook)) {}
  const std::string& upload_id() const override { return inner_->upload_id(); }
  Status Append(std::span<const uint8_t> bytes) override {
    Call call{place_, "Append", key_, upload_id(), {}};
    return Through(*hook_, call, [&] { return inner_->Append(bytes); });
  }
  Status AppendCopy(const Key& source_key, std::string_view source_etag, int64_t offset,
                    int64_t length) override {
    Call call{place_, "AppendCopy", key_, upload_id(), {}};
    return Through(*hook_, call,
                   [&] { return inner_->AppendCopy(source_key, source_etag, offset, length); });
  }
  Result<store::PendingUpload> Finish() override {
    Call call{place_, "Finish", key_, upload_id(), {}};
    return Through(*hook_, call, [&] { return inner_->Finish(); });
  }

 private:
  const Place place_;
  const Key key_;
  const std::unique_ptr<store::UploadWriter> inner_;
  const std::shared_ptr<CallHook> hook_;
};

class HookedStore : public store::ObjectStore {
 public:
  HookedStore(Place place, std::shared_ptr<store::ObjectStore> inner,
              std::shared_ptr<CallHook> hook)
      : place_(place), inner_(std::move(inner)), hook_(std::move(hook)) {}

  std::string DisplayName(const Key& key) const override { return inner_->DisplayName(key); }
  Result<store::ObjectInfo> Head(const Key& key) const override {
    return Do("Head", key, [&] { return inner_->Head(key); });
  }
  Result<std::string> Get(const Key& key) const override {
    return Do("Get", key, [&] { return inner_->Get(key); });
  }
  Result<std::unique_ptr<store::ObjectReader>> Open(const Key& key) const override {
    SLUICE_ASSIGN_OR_RETURN(auto reader, Do("Open", key, [&] { return inner_->Open(key); }));
    return std::make_unique<HookedReader>(place_, key, std::move(reader), hook_);
  }
  Result<std::unique_ptr<store::ObjectReader>> OpenElsewhere(
      const std::string& address) const override {
    return Do("OpenElsewhere", address, [&] { return inner_->OpenElsewhere(address); });
  }
  Status List(const Key& prefix, const Key& start_after,
              const std::function<bool(const store::ObjectInfo&)>& visit) const override {
    return Do("List", prefix, [&] { return inner_->List(prefix, start_after, visit); });
  }
  Result<std::vector<std::string>> ListFolders(const Key& prefix) const override {
    return Do("ListFolders", prefix, [&] { return inner_->ListFolders(prefix); });
  }
  Result<store::PutOutcome> PutIfAbsent(const Key& key, std::string_view bytes) override {
    Call call{place_, "PutIfAbsent", key, {}, bytes};
    return Through(*hook_, call, [&] { return inner_->PutIfAbsent(key, bytes); });
  }
  Status Put(const Key& key, std::string_view bytes) override {
    Call call{place_, "Put", key, {}, bytes};
    return Through(*hook_, call, [&] { return inner_->Put(key, bytes); });
  }
  Status Delete(const Key& key) override {
    return Do("Delete", key, [&] { return inner_->Delete(key); });
  }
  Result<std::unique_ptr<store::UploadWriter>> StartUpload(const Key& key) override {
    Call call{place_, "StartUpload", key, {}, {}};
    SLUICE_ASSIGN_OR_RETURN(auto writer, Through(*hook_, call, [&] {
                              auto started = inner_->StartUpload(key);
                              if (started) call.upload_id = (*started)->upload_id();
                              return started;
                            }));
    return std::make_unique<HookedWriter>(place_, key, std::move(writer), hook_);
  }
  Result<store::CompleteOutcome> CompleteUpload(const store::PendingUpload& upload) override {
    Call call{place_, "CompleteUpload", upload.key, upload.upload_id, {}};
    return Through(*hook_, call, [&] { return inner_->CompleteUpload(upload); });
  }
  Status AbortUpload(const Key& key, const std::string& upload_id) override {
    Call call{place_, "AbortUpload", key, upload_id, {}};
    return Through(*hook_, call, [&] { return inner_->AbortUpload(key, upload_id); });
  }
  Status ListUploads(
      const Key& prefix,
      const std::function<bool(const store::PendingUploadInfo&)>& visit) const override {
    return Do("ListUploads", prefix, [&] { return inner_->ListUploads(prefix, visit); });
  }

 private:
  template <typename Work>
  std::invoke_result_t<Work> Do(std::string_view operation, const Key& key, Work work) const {
    Call call{place_, operation, key, {}, {}};
    return Through(*hook_, call, std::move(work));
  }

  const Place place_;
  const std::shared_ptr<store::ObjectStore> inner_;
  const std::shared_ptr<CallHook> hook_;
};

}  // namespace

bool Changes(const Call& call) {
  for (const std::string_view operation :
       {"PutIfAbsent", "Put", "Delete", "StartUpload", "Append", "AppendCopy", "Finish",
        "CompleteUpload", "AbortUpload"}) {
    if (call.operation == operation) return true;
  }
  return false;
}

std::shared_ptr<store::ObjectStore> HookStore(Place place,
                                              std::shared_ptr<store::ObjectStore> inner,
                                              std::shared_ptr<CallHook> hook) {
  return std::make_shared<HookedStore>(place, std::move(inner), std::move(hook));
}

}  // namespace sluice::simulation
