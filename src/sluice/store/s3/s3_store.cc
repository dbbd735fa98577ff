#include "sluice/store/s3/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <iterator>
#include <map>
#include <utility>

#include "sluice/net/http_date.h"
#include "sluice/runtime/log.h"
#include "sluice/store/checksum.h"
#include "sluice/store/s3/s3_client.h"
#include "sluice/store/s3/s3_reader.h"
#include "sluice/store/s3/s3_upload.h"
#include "sluice/store/s3/s3_wire.h"
#include "sluice/store/s3/s3_xml.h"

namespace sluice::store {
namespace {

class S3Reader : public ObjectReader {
 public:
  S3Reader(std::shared_ptr<const S3Client> client, std::string full_key, std::string etag,
           int64_t size)
      : client_(std::move(client)),
        full_key_(std::move(full_key)),
        etag_(std::move(etag)),
        size_(size) {}
  int64_t size() const override { return size_; }
  Status ReadAt(int64_t offset, std::span<uint8_t> out) const override {
    const int64_t end = offset + static_cast<int64_t>(out.size());
    if (end > size_) {
      return Fail(ErrorKind::kCorrupt, "{}: ends {} bytes before byte {}",
                  client_->DisplayName(full_key_), end - size_, end);
    }
    return ReadRange(*client_, full_key_, etag_, offset, out);
  }

 private:
  const std::shared_ptr<const S3Client> client_;
  const std::string full_key_, etag_;
  const int64_t size_;
};

Result<ObjectInfo> InfoFrom(const net::HttpResponse& answer, Key key, const std::string& name) {
  ObjectInfo info;
  info.key = std::move(key);
  const std::string& length = answer.header("content-length");
  const char* end = length.data() + length.size();
  if (length.empty() || std::from_chars(length.data(), end, info.size).ptr != end) {
    return Fail(NotOfS3(fmt::format("{}: the server did not send a size", name)));
  }
  info.modified = net::ParseHttpDate(answer.header("last-modified")).value_or(Timestamp{});
  info.etag = UnquoteEtag(answer.header("etag"));
  if (const auto crc = DecodeCrc64Nvme(answer.header("x-amz-checksum-crc64nvme"))) {
    info.checksum = Crc64Nvme::ToString(*crc);
  }
  return info;
}

/// Without the parts' checksums, with those we know, with those that the server keeps, and once more where
/// the reply to that was lost.
constexpr int kCompletionTries = 4;

/// What is known of the parts from when they were uploaded; nothing unless it is known of all.
ListedParts KnownParts(const PendingUpload& upload) {
  ListedParts known;
  for (const auto& part : upload.parts) {
    const auto crc = ParseChecksum(part.checksum);
    if (!crc) return {};
    known[part.number] = {part.etag, EncodeCrc64Nvme(*crc)};
  }
  return known;
}

class S3Store : public ObjectStore {
 public:
  S3Store(std::shared_ptr<const S3Client> client, std::shared_ptr<UploadBudget> budget,
          std::string root, ServerEncryption encryption)
      : client_(std::move(client)),
        budget_(std::move(budget)),
        root_(std::move(root)),
        encryption_(std::move(encryption)) {}

  std::string DisplayName(const Key& key) const override {
    std::string name = client_->DisplayName(root_ + key);
    if (key.empty()) name.pop_back();
    return name;
  }

  Result<ObjectInfo> Head(const Key& key) const override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    S3Request request;
    request.method = "HEAD";
    request.key = root_ + key;
    request.headers = {{"x-amz-checksum-mode", "ENABLED"}};
    request.action = "looking up";
    SLUICE_ASSIGN_OR_RETURN(const S3Response response, Send(request));
    return InfoFrom(response.http, key, DisplayName(key));
  }

  Result<std::string> Get(const Key& key) const override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    S3Request request;
    request.key = root_ + key;
    request.action = "reading";
    SLUICE_ASSIGN_OR_RETURN(S3Response response, Send(request));
    return std::move(response.http.body);
  }

  Result<std::unique_ptr<ObjectReader>> Open(const Key& key) const override {
    SLUICE_ASSIGN_OR_RETURN(const ObjectInfo info, Head(key));
    return std::make_unique<S3Reader>(client_, root_ + key, info.etag, info.size);
  }

  Status List(const Key& prefix, const Key& start_after,
              const std::function<bool(const ObjectInfo&)>& visit) const override {
    aws::QueryList query = {{"prefix", root_ + prefix}};
    if (!start_after.empty()) query.emplace_back("start-after", root_ + start_after);
    return ListPages(std::move(query), [&](ObjectPage& page) {
      for (auto& object : page.objects) {
        if (!object.key.starts_with(root_)) continue;
        object.key.erase(0, root_.size());
        // Consoles mark folders by empty objects with names that end in '/': no keys of ours.
        if (object.key.empty() || object.key.back() == '/') continue;
        // Not every server heeds start-after beside a continuation token.
        if (object.key <= start_after) continue;
        if (!visit(object)) return false;
      }
      return true;
    });
  }

  Result<std::vector<std::string>> ListFolders(const Key& prefix) const override {
    std::vector<std::string> folders;
    const std::string full = root_ + prefix;
    SLUICE_RETURN_IF_ERROR(ListPages({{"prefix", full}, {"delimiter", "/"}}, [&](ObjectPage& page) {
      for (const auto& folder : page.prefixes) {
        if (folder.size() <= full.size() + 1) continue;
        folders.push_back(folder.substr(full.size(), folder.size() - full.size() - 1));
      }
      return true;
    }));
    std::sort(folders.begin(), folders.end());
    return folders;
  }

  Result<PutOutcome> PutIfAbsent(const Key& key, std::string_view bytes) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    const auto sent = client_->Send(PutRequest(key, bytes, true));
    if (sent) return PutOutcome::kCreated;
    const S3Failure& failure = sent.error();
    const bool is_taken = failure.error.kind == ErrorKind::kConflict;
    // Sent once, and the server saw another object there: that is certain.
    if (is_taken && failure.attempts == 1) return PutOutcome::kAlreadyExists;
    // Sent again after an answer that was lost or no answer at all: it may be our own that lies there.
    if (!is_taken && failure.error.kind != ErrorKind::kTransient) return Fail(failure.error);
    const auto found = Get(key);
    if (found) return *found == bytes ? PutOutcome::kCreated : PutOutcome::kAlreadyExists;
    return Fail(failure.error);
  }

  Status Put(const Key& key, std::string_view bytes) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    SLUICE_RETURN_IF_ERROR(Send(PutRequest(key, bytes, false)));
    return {};
  }

  Status Delete(const Key& key) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    S3Request request;
    request.method = "DELETE";
    request.key = root_ + key;
    request.action = "deleting";
    const auto sent = client_->Send(request);
    if (sent || sent.error().fault.code == "NoSuchKey") return {};
    return Fail(sent.error().error);
  }

  std::optional<Timestamp> StoreTime() const override { return client_->ServerTime(); }
  int64_t upload_buffer_bytes() const override { return PartSizes::kFirst; }
  Result<std::unique_ptr<UploadWriter>> StartUpload(const Key& key) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    return StartS3Upload(client_, budget_, encryption_, root_, key);
  }

  Result<CompleteOutcome> CompleteUpload(const PendingUpload& upload) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(upload.key));
    const ListedParts known = KnownParts(upload);
    ListedParts listed;
    if (needs_part_checksums_) listed = known;
    if (needs_part_checksums_ && known.empty()) {
      SLUICE_ASSIGN_OR_RETURN(listed, ListParts(upload));
    }
    for (int tries = 1;; ++tries) {
      auto sent = SendComplete(upload, listed);
      if (sent) return CompleteOutcome::kCompleted;
      const std::string& code = sent.error().fault.code;
      if (code == "NoSuchUpload") return CompleteOutcome::kNoSuchUpload;
      if (code != "InvalidPart" || tries == kCompletionTries) {
        return Fail(std::move(sent).error().error);
      }
      // MinIO also wants the checksums of the parts, and treats parts without them as other parts.
      needs_part_checksums_ = true;
      if (listed.empty() && !known.empty()) {
        listed = known;
        continue;
      }
      SLUICE_ASSIGN_OR_RETURN(listed, ListParts(upload));
      if (!HasAll(listed, upload)) return GiveUp(upload);
    }
  }

  Status AbortUpload(const Key& key, const std::string& upload_id) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    S3Request request;
    request.method = "DELETE";
    request.key = root_ + key;
    request.query = {{"uploadId", upload_id}};
    request.action = "aborting an upload";
    const auto sent = client_->Send(request);
    if (sent || sent.error().fault.code == "NoSuchUpload" || sent.error().fault.status == 404) {
      return {};
    }
    return Fail(sent.error().error);
  }

  Status ListUploads(const Key& prefix,
                     const std::function<bool(const PendingUploadInfo&)>& visit) const override {
    const auto visit_page = [&](UploadPage& page) {
      for (auto& upload : page.uploads) {
        if (!upload.key.starts_with(root_ + prefix)) continue;
        upload.key.erase(0, root_.size());
        if (!visit(upload)) return false;
      }
      return true;
    };
    SLUICE_ASSIGN_OR_RETURN(const S3Response first, SendListUploads(root_ + prefix, {}));
    if (first.http.header("server") != "MinIO")
      return ListUploadPages(first, root_ + prefix, visit_page);
    // MinIO treats the prefix of such a listing as a whole key, and lists by time without one.
    UploadPage whole;
    SLUICE_ASSIGN_OR_RETURN(const S3Response all, SendListUploads("", {}));
    SLUICE_RETURN_IF_ERROR(ListUploadPages(all, "", [&](UploadPage& page) {
      std::move(page.uploads.begin(), page.uploads.end(), std::back_inserter(whole.uploads));
      return true;
    }));
    std::stable_sort(whole.uploads.begin(), whole.uploads.end(),
                     [](const auto& a, const auto& b) { return a.key < b.key; });
    visit_page(whole);
    return {};
  }

 private:
  Result<S3Response> Send(const S3Request& request) const {
    auto sent = client_->Send(request);
    if (!sent) return Fail(std::move(sent).error().error);
    return std::move(*sent);
  }

  tl::expected<S3Response, S3Failure> SendComplete(const PendingUpload& upload,
                                                   const ListedParts& listed) const {
    const std::string body = CompleteBody(upload.parts, listed);
    S3Request request;
    request.method = "POST";
    request.key = root_ + upload.key;
    request.query = {{"uploadId", upload.upload_id}};
    // MinIO miscounts the whole of an empty object; its one part has been compared.
    if (const auto crc = ParseChecksum(upload.checksum); crc && upload.size > 0) {
      request.headers = {{"x-amz-checksum-crc64nvme", EncodeCrc64Nvme(*crc)},
                         {"x-amz-checksum-type", "FULL_OBJECT"}};
    }
    request.headers.emplace_back("content-type", "application/xml");
    request.body = body;
    request.action = "completing an upload";
    request.has_document = true;
    request.settles = true;
    return client_->Send(request);
  }

  /// What the server keeps of the parts; nothing where the upload is gone.
  Result<ListedParts> ListParts(const PendingUpload& upload) const {
    ListedParts listed;
    std::string after;
    do {
      S3Request request;
      request.key = root_ + upload.key;
      request.query = {{"uploadId", upload.upload_id}};
      if (!after.empty()) request.query.emplace_back("part-number-marker", after);
      request.action = "listing the parts of an upload";
      request.has_document = true;
      request.settles = true;
      auto sent = client_->Send(request);
      if (!sent && sent.error().fault.code == "NoSuchUpload") return listed;
      if (!sent) return Fail(std::move(sent).error().error);
      auto page = ParsePartPage(sent->http.body);
      if (!page) return Fail(std::move(page).error().Within(DisplayName(upload.key)));
      listed.merge(page->parts);
      if (!after.empty() && page->next_number == after) {
        return Fail(ErrorKind::kCorrupt, "{}: a listing of parts goes round in circles",
                    DisplayName(upload.key));
      }
      after = page->next_number;
    } while (!after.empty());
    return listed;
  }

  static bool HasAll(const ListedParts& listed, const PendingUpload& upload) {
    return std::all_of(upload.parts.begin(), upload.parts.end(), [&](const UploadedPart& part) {
      const auto found = listed.find(part.number);
      return found != listed.end() && found->second.etag == part.etag;
    });
  }

  /// MinIO loses the parts of an upload whose completion it dropped halfway, because who asked for it
  /// died. Nobody can complete it any more; the abort makes that certain.
  Result<CompleteOutcome> GiveUp(const PendingUpload& upload) {
    spdlog::warn("{}: the server lost the parts of upload {}", DisplayName(upload.key),
                 upload.upload_id);
    SLUICE_RETURN_IF_ERROR(AbortUpload(upload.key, upload.upload_id));
    return CompleteOutcome::kNoSuchUpload;
  }

  Result<S3Response> SendListUploads(const std::string& prefix, const UploadPage& after) const {
    S3Request request;
    request.query = {{"uploads", ""}, {"prefix", prefix}, {"encoding-type", "url"}};
    if (!after.next_key.empty()) {
      request.query.emplace_back("key-marker", after.next_key);
      request.query.emplace_back("upload-id-marker", after.next_upload_id);
    }
    request.action = "listing uploads";
    request.has_document = true;
    return Send(request);
  }

  /// The pages of a listing of uploads, beginning with `first`, until `visit` returns false.
  Status ListUploadPages(S3Response response, const std::string& full_prefix,
                         const std::function<bool(UploadPage&)>& visit) const {
    std::string key, upload_id;
    while (true) {
      auto page = ParseUploadPage(response.http.body);
      if (!page) return Fail(std::move(page).error().Within(DisplayName({})));
      if (!visit(*page) || page->next_key.empty()) return {};
      if (page->next_key == key && page->next_upload_id == upload_id) {
        return Fail(NotOfS3(
            fmt::format("{}: a listing of uploads goes round in circles", DisplayName({}))));
      }
      key = page->next_key;
      upload_id = page->next_upload_id;
      SLUICE_ASSIGN_OR_RETURN(response, SendListUploads(full_prefix, *page));
    }
  }

  S3Request PutRequest(const Key& key, std::string_view bytes, bool if_absent) const {
    Crc64Nvme crc;
    crc.Update({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    S3Request request;
    request.method = "PUT";
    request.key = root_ + key;
    request.headers = EncryptionHeaders(encryption_);
    request.headers.emplace_back("x-amz-checksum-crc64nvme", EncodeCrc64Nvme(crc.value()));
    if (if_absent) request.headers.emplace_back("if-none-match", "*");
    request.body = bytes;
    request.action = "writing";
    return request;
  }

  /// Page after page of a listing until `visit` returns false.
  Status ListPages(aws::QueryList query, const std::function<bool(ObjectPage&)>& visit) const {
    query.emplace_back("list-type", "2");
    query.emplace_back("encoding-type", "url");
    std::string token;
    do {
      S3Request request;
      request.query = query;
      if (!token.empty()) request.query.emplace_back("continuation-token", token);
      request.action = "listing";
      request.has_document = true;
      SLUICE_ASSIGN_OR_RETURN(const S3Response response, Send(request));
      auto page = ParseObjectPage(response.http.body);
      if (!page) return Fail(std::move(page).error().Within(DisplayName({})));
      if (!visit(*page)) return {};
      if (!token.empty() && page->next_token == token) {
        return Fail(ErrorKind::kCorrupt, "{}: a listing goes round in circles", DisplayName({}));
      }
      token = page->next_token;
    } while (!token.empty());
    return {};
  }

  const std::shared_ptr<const S3Client> client_;
  const std::shared_ptr<UploadBudget> budget_;
  const std::string root_;  ///< "" or ends in '/'
  const ServerEncryption encryption_;
  std::atomic<bool> needs_part_checksums_{false};
};

}  // namespace

Result<std::shared_ptr<ObjectStore>> OpenS3Store(const std::string& bucket,
                                                 const std::string& prefix,
                                                 const S3Options& options) {
  SLUICE_ASSIGN_OR_RETURN(const S3Access access, OpenS3Access(options));
  return OpenS3Store(bucket, prefix, options, access,
                     std::make_shared<UploadBudget>(UploadBudget::Limits{}));
}

std::shared_ptr<ObjectStore> OpenS3Store(const std::string& bucket, const std::string& prefix,
                                         const S3Options& options, const S3Access& access,
                                         std::shared_ptr<UploadBudget> budget) {
  return std::make_shared<S3Store>(MakeS3Client(bucket, options, access), std::move(budget),
                                   prefix.empty() ? prefix : prefix + "/", options.encryption);
}

}  // namespace sluice::store
