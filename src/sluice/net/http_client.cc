#include "sluice/net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "sluice/base/mutex.h"

namespace sluice::net {
namespace {

void StartCurlOnce() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
}

/// What the callbacks of one transfer share.
struct Transfer {
  const HttpRequest& request;
  HttpResponse response;
  CURL* handle = nullptr;
  size_t sent = 0;
  bool head_ended = false;  ///< the empty line after the headers came
  bool too_long = false;    ///< the body is longer than memory may hold
  curl_off_t moved = 0;     ///< bytes in both directions when they were last looked at
  std::optional<std::chrono::steady_clock::time_point> still_since{};  ///< once it is cancelled
};

bool IsSuccess(int status) { return status >= 200 && status < 300; }

size_t OnHeader(char* data, size_t one, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view line(data, one * size);
  if (line.starts_with("HTTP/")) {  // not the first one after a 100 Continue
    transfer.response.headers.clear();
    transfer.head_ended = false;
  }
  if (line == "\r\n" || line == "\n") transfer.head_ended = true;
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && std::strchr(" \t\r\n", value.front())) value.remove_prefix(1);
    while (!value.empty() && std::strchr(" \t\r\n", value.back())) value.remove_suffix(1);
    transfer.response.headers[std::move(name)] = std::string(value);
  }
  return one * size;
}

size_t OnBody(char* data, size_t one, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const size_t length = one * size;
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  if (!transfer.request.into || !IsSuccess(static_cast<int>(status))) {
    transfer.too_long = length > transfer.request.most_body_bytes - transfer.response.body.size();
    if (transfer.too_long) return 0;  // ends the transfer
    transfer.response.body.append(data, length);
    return length;
  }
  const std::span<uint8_t> into = *transfer.request.into;
  const size_t taken = std::min(length, into.size() - transfer.response.filled);
  std::memcpy(into.data() + transfer.response.filled, data, taken);
  transfer.response.filled += taken;
  return taken;  // less than `length` ends the transfer: more came than was asked for
}

size_t OnSend(char* data, size_t one, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view rest = transfer.request.body.substr(transfer.sent);
  const size_t length = std::min(one * size, rest.size());
  std::memcpy(data, rest.data(), length);
  transfer.sent += length;
  return length;
}

/// libcurl sends a body again after a kept connection turned out to be dead.
int OnRewind(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.response.resent = transfer.response.resent || transfer.sent > 0;
  transfer.sent = static_cast<size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

/// About once a second, and whenever bytes move.
int OnProgress(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto& transfer = *static_cast<Transfer*>(user);
  const HttpRequest& request = transfer.request;
  if (request.cancel == nullptr || !request.cancel->cancelled()) return 0;
  if (request.patience.micros == 0) return 1;
  const auto now = std::chrono::steady_clock::now();
  if (!transfer.still_since || received + sent != transfer.moved) transfer.still_since = now;
  transfer.moved = received + sent;
  return now - *transfer.still_since >= std::chrono::microseconds(request.patience.micros) ? 1 : 0;
}

/// With the port, without a user and a password.
std::string HostOf(const std::string& url) {
  const size_t start = url.find("://") == std::string::npos ? 0 : url.find("://") + 3;
  const std::string authority = url.substr(start, url.find_first_of("/?", start) - start);
  return authority.substr(authority.rfind('@') + 1);
}

Error CurlError(CURLcode code, const char* detail, const HttpRequest& request) {
  const std::string why = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  Error error{ErrorKind::kTransient, HostOf(request.url) + ": " + why, {}};
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      if (request.patience.micros == 0) return request.cancel->Check().error();
      error.message = HostOf(request.url) + ": no answer came before this process had to stop";
      break;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      error.kind = ErrorKind::kConfig;
      error.remedy = "correct `endpoint`: http(s)://host[:port]";
      break;
    case CURLE_SSL_CACERT_BADFILE:
      error.kind = ErrorKind::kConfig;
      error.remedy = "set `ca_bundle` to a readable PEM file";
      break;
    case CURLE_PEER_FAILED_VERIFICATION:
      error.kind = ErrorKind::kPermission;
      error.remedy = "set `ca_bundle` to the PEM file of the authority that signed its certificate";
      break;
    case CURLE_SSL_CONNECT_ERROR:
      // OpenSSL's words for an answer that is not TLS; what else breaks a handshake may pass.
      if (why.find("wrong version number") != std::string::npos) error.kind = ErrorKind::kConfig;
      error.remedy =
          "check that the server speaks TLS; if it does not, begin `endpoint` with http://";
      break;
    case CURLE_OPERATION_TIMEDOUT:
      error.remedy = "check the network and the server at `endpoint`, then run again";
      break;
    case CURLE_COULDNT_RESOLVE_HOST:
      error.remedy = "check the name of the bucket, `region`, `endpoint`, and this machine's DNS";
      break;
    case CURLE_COULDNT_CONNECT:
      error.remedy = "check `endpoint`, and that this machine may connect to it";
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

const std::string& HttpResponse::header(const std::string& name) const {
  static const std::string none;
  const auto found = headers.find(name);
  return found == headers.end() ? none : found->second;
}

/// Easy handles, each with the connections that it keeps open; the one used last is used first.
class ConnectionPool {
 public:
  ConnectionPool(int connections, int settling)
      : connections_(connections), settling_(std::max(settling, connections)) {
    StartCurlOnce();
  }
  ~ConnectionPool() {
    const MutexLock lock(mutex_);
    for (CURL* handle : idle_) curl_easy_cleanup(handle);
  }
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  /// Waits for a free one, for as long as the request may.
  Result<CURL*> Take(const HttpRequest& request) {
    const int limit = request.settles ? settling_ : connections_;
    const MutexLock lock(mutex_);
    std::optional<std::chrono::steady_clock::time_point> waiting_since;
    while (in_use_ >= limit) {
      const auto now = std::chrono::steady_clock::now();
      if (request.cancel != nullptr && request.cancel->cancelled()) {
        if (request.patience.micros == 0) return Fail(request.cancel->Check().error());
        if (!waiting_since) waiting_since = now;
        if (now - *waiting_since >= std::chrono::microseconds(request.patience.micros)) {
          return Fail(ErrorKind::kTransient,
                      "{}: no connection came free before this process had to stop",
                      HostOf(request.url));
        }
      }
      // A signal handler may fire the token, and it cannot wake a waiter: look at the token from time to time.
      freed_.WaitUntil(mutex_, now + std::chrono::milliseconds(50));
    }
    CURL* handle = nullptr;
    if (idle_.empty()) {
      handle = curl_easy_init();
    } else {
      handle = idle_.back();
      idle_.pop_back();
    }
    if (handle == nullptr) {
      return Fail(ErrorKind::kStorage, "no memory for another connection");
    }
    ++in_use_;
    return handle;
  }

  void Return(CURL* handle) {
    {
      const MutexLock lock(mutex_);
      --in_use_;
      idle_.push_back(handle);
    }
    freed_.NotifyAll();  // NotifyOne might wake a waiter that may not go yet
  }

 private:
  const int connections_, settling_;
  Mutex mutex_;
  CondVar freed_;
  std::vector<CURL*> idle_ SLUICE_GUARDED_BY(mutex_);
  int in_use_ SLUICE_GUARDED_BY(mutex_) = 0;
};

std::shared_ptr<ConnectionPool> MakeConnectionPool(int connections, int settling) {
  return std::make_shared<ConnectionPool>(connections, settling);
}

HttpClient::HttpClient(HttpOptions options, std::shared_ptr<ConnectionPool> pool)
    : options_(std::move(options)), pool_(std::move(pool)) {}

namespace {

void SetMethod(CURL* handle, const HttpRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (request.method == "PUT" || request.method == "POST" || !request.body.empty()) {
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  } else {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void SetCallbacks(CURL* handle, Transfer& transfer) {
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, OnSend);
  curl_easy_setopt(handle, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, OnRewind);
  curl_easy_setopt(handle, CURLOPT_SEEKDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, transfer.request.cancel == nullptr ? 1L : 0L);
}

void SetConnection(CURL* handle, const HttpOptions& options) {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout_ms));
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
                   static_cast<long>(std::max<int64_t>(1, options.stall_timeout_ms / 1000)));
  if (!options.ca_bundle.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_bundle.c_str());
  }
}

curl_slist* MakeHeaders(const HttpRequest& request) {
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers) {
    // libcurl sends a header without a value only where a semicolon ends its name.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    list = curl_slist_append(list, line.c_str());
  }
  list =
      curl_slist_append(list, "Expect:");  // a round trip saved, and some servers never answer it
  return curl_slist_append(list, "Accept:");
}

}  // namespace

Result<HttpResponse> HttpClient::Send(const HttpRequest& request) const {
  if (request.cancel != nullptr && request.patience.micros == 0) {
    SLUICE_RETURN_IF_ERROR(request.cancel->Check());
  }
  SLUICE_ASSIGN_OR_RETURN(CURL* const handle, pool_->Take(request));
  Transfer transfer{request, {}, handle};
  std::array<char, CURL_ERROR_SIZE> detail{};
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  SetMethod(handle, request);
  SetCallbacks(handle, transfer);
  SetConnection(handle, options_);
  if (request.limit.micros > 0) {
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::max<int64_t>(1, request.limit.micros / 1000)));
  }
  curl_slist* headers = MakeHeaders(request);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  const CURLcode code = curl_easy_perform(handle);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  curl_easy_reset(handle);  // options go, open connections stay
  pool_->Return(handle);
  transfer.response.status = static_cast<int>(status);
  if (code == CURLE_OK && transfer.head_ended) return std::move(transfer.response);
  // libcurl treats a connection that ends among the headers as an answer without a body.
  if (code == CURLE_OK) {
    return Fail(ErrorKind::kTransient, "{}: the connection broke off among the answer's headers",
                HostOf(request.url));
  }
  if (transfer.too_long) {
    return Fail(ErrorKind::kCorrupt,
                "{}: the answer is longer than {} bytes, the most that sluice reads at one time",
                HostOf(request.url), request.most_body_bytes);
  }
  Error error = CurlError(code, detail.data(), request);
  // A success that broke off on its way: what came of it is worth keeping.
  const bool is_partial =
      request.into && IsSuccess(transfer.response.status) && error.kind == ErrorKind::kTransient;
  if (!is_partial) return Fail(std::move(error));
  transfer.response.broken = std::move(error.message);
  return std::move(transfer.response);
}

}  // namespace sluice::net
