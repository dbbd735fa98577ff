#include "sluice/simulation/worse_store.h"

#include <utility>

#include "sluice/delta/log/log_path.h"
#include "sluice/store/forwarding_store.h"

namespace sluice::simulation {
namespace {

using store::Key;

class GrowingTableStore : public store::ForwardingStore {
 public:
  GrowingTableStore(std::shared_ptr<store::ObjectStore> table, std::function<Version()> visible)
      : ForwardingStore(std::move(table)), visible_(std::move(visible)) {}

  Result<store::ObjectInfo> Head(const Key& key) const override {
    if (IsComing(key)) return Missing(key);
    return inner_->Head(key);
  }
  Result<std::string> Get(const Key& key) const override {
    if (IsComing(key)) return Missing(key);
    return inner_->Get(key);
  }
  Status List(const Key& prefix, const Key& start_after,
              const std::function<bool(const store::ObjectInfo&)>& visit) const override {
    return inner_->List(prefix, start_after, [&](const store::ObjectInfo& object) {
      return IsComing(object.key) || visit(object);
    });
  }

 private:
  bool IsComing(const Key& key) const {
    return key.starts_with("_delta_log/0") && key > delta::CommitKey(visible_());
  }
  tl::unexpected<Error> Missing(const Key& key) const {
    return Fail(ErrorKind::kNotFound, "{}: no such object", DisplayName(key));
  }

  const std::function<Version()> visible_;
};

/// Completes what it finishes.
class HastyWriter : public store::UploadWriter {
 public:
  HastyWriter(std::unique_ptr<store::UploadWriter> inner, std::shared_ptr<store::ObjectStore> store)
      : inner_(std::move(inner)), store_(std::move(store)) {}
  const std::string& upload_id() const override { return inner_->upload_id(); }
  Status Append(std::span<const uint8_t> bytes) override { return inner_->Append(bytes); }
  Status AppendCopy(const Key& source_key, std::string_view source_etag, int64_t offset,
                    int64_t length) override {
    return inner_->AppendCopy(source_key, source_etag, offset, length);
  }
  Result<store::PendingUpload> Finish() override {
    SLUICE_ASSIGN_OR_RETURN(auto upload, inner_->Finish());
    SLUICE_RETURN_IF_ERROR(store_->CompleteUpload(upload));
    return upload;
  }

 private:
  const std::unique_ptr<store::UploadWriter> inner_;
  const std::shared_ptr<store::ObjectStore> store_;
};

class MutatedStore : public store::ForwardingStore {
 public:
  MutatedStore(std::shared_ptr<store::ObjectStore> inner, Mutation mutation)
      : ForwardingStore(std::move(inner)), mutation_(mutation) {}

  Result<store::PutOutcome> PutIfAbsent(const Key& key, std::string_view bytes) override {
    if (!Overwrites(key)) return inner_->PutIfAbsent(key, bytes);
    SLUICE_RETURN_IF_ERROR(inner_->Put(key, bytes));
    return store::PutOutcome::kCreated;
  }
  Result<std::unique_ptr<store::UploadWriter>> StartUpload(const Key& key) override {
    SLUICE_ASSIGN_OR_RETURN(auto writer, inner_->StartUpload(key));
    if (mutation_ != Mutation::kUploadsAtOnce) return writer;
    return std::make_unique<HastyWriter>(std::move(writer), inner_);
  }
  Result<store::CompleteOutcome> CompleteUpload(const store::PendingUpload& upload) override {
    SLUICE_ASSIGN_OR_RETURN(const auto outcome, inner_->CompleteUpload(upload));
    return mutation_ == Mutation::kAbsentIsComplete ? store::CompleteOutcome::kCompleted : outcome;
  }

 private:
  bool Overwrites(const Key& key) const {
    const auto has = [&](std::string_view part) { return key.find(part) != Key::npos; };
    switch (mutation_) {
      case Mutation::kIntentsOverwrite:
        return has("/ledger/") && has(".intent.");
      case Mutation::kDecisionsOverwrite:
        return has("/ledger/") && has(".commit.");
      case Mutation::kManifestsOverwrite:
        return has("/manifests/");
      case Mutation::kStateOverwrites:
        return key.starts_with("_delta_log/");
      default:
        return false;
    }
  }

  const Mutation mutation_;
};

}  // namespace

std::string_view Name(Mutation mutation) {
  switch (mutation) {
    case Mutation::kNone:
      return "none";
    case Mutation::kIntentsOverwrite:
      return "intents_overwrite";
    case Mutation::kDecisionsOverwrite:
      return "decisions_overwrite";
    case Mutation::kManifestsOverwrite:
      return "manifests_overwrite";
    case Mutation::kStateOverwrites:
      return "state_overwrites";
    case Mutation::kUploadsAtOnce:
      return "uploads_at_once";
    case Mutation::kAbsentIsComplete:
      return "absent_is_complete";
  }
  return "unknown";
}

std::shared_ptr<store::ObjectStore> GrowingTable(std::shared_ptr<store::ObjectStore> table,
                                                 std::function<Version()> visible) {
  return std::make_shared<GrowingTableStore>(std::move(table), std::move(visible));
}

std::shared_ptr<store::ObjectStore> Mutate(std::shared_ptr<store::ObjectStore> inner,
                                           Mutation mutation) {
  return std::make_shared<MutatedStore>(std::move(inner), mutation);
}

}  // namespace sluice::simulation
