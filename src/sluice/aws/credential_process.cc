#include "sluice/aws/credential_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

#include "sluice/base/time_zone.h"

namespace sluice::aws {
namespace {

Error ProcessError(const std::string& why) {
  return {ErrorKind::kPermission, "its `credential_process` " + why,
          "run that command by hand and see what it prints"};
}

/// A child whose output is read through a pipe. Ended, if it still runs, and waited for by the destructor.
class Child {
 public:
  static Result<Child> Start(const std::string& command) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return Fail(ProcessError(std::strerror(errno)));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string shell = "sh", option = "-c", text = command;
    std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    pid_t pid = -1;
    const int error = posix_spawn(&pid, "/bin/sh", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
      close(ends[0]);
      return Fail(ProcessError(fmt::format("does not start: {}", std::strerror(error))));
    }
    return Child(pid, ends[0]);
  }
  ~Child() {
    if (out_ >= 0) close(out_);
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), out_(std::exchange(other.out_, -1)) {}
  Child& operator=(Child&&) = delete;

  Result<std::string> ReadAll(const runtime::CancelToken& cancel) const {
    constexpr int kLookMillis = 50;
    constexpr size_t kMost = 1 << 20;
    std::string output;
    std::array<char, 4096> piece{};
    while (true) {
      SLUICE_RETURN_IF_ERROR(cancel.Check());
      pollfd ready{out_, POLLIN, 0};
      if (poll(&ready, 1, kLookMillis) <= 0) continue;
      const ssize_t n = read(out_, piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Fail(ProcessError(std::strerror(errno)));
      if (n == 0) return output;
      output.append(piece.data(), static_cast<size_t>(n));
      if (output.size() > kMost) return Fail(ProcessError("prints more than credentials"));
    }
  }

  /// What it exited with; -1 where a signal ended it.
  int Wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  Child(pid_t pid, int out) : pid_(pid), out_(out) {}

  pid_t pid_;
  int out_;
};

std::string Text(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Credentials> Run(const std::string& command, const runtime::CancelToken& cancel) {
  SLUICE_ASSIGN_OR_RETURN(Child child, Child::Start(command));
  SLUICE_ASSIGN_OR_RETURN(const std::string output, child.ReadAll(cancel));
  const int code = child.Wait();
  if (code != 0) return Fail(ProcessError(fmt::format("ended with code {}", code)));
  return ParseProcessOutput(output);
}

}  // namespace

Result<Credentials> ParseProcessOutput(std::string_view output) {
  const auto json = nlohmann::json::parse(output, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("Version", nlohmann::json()) != 1) {
    return Fail(ProcessError("did not print credentials of version 1"));
  }
  Credentials credentials{
      Text(json, "AccessKeyId"), Text(json, "SecretAccessKey"), Text(json, "SessionToken"), {}};
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return Fail(ProcessError("printed no AccessKeyId or no SecretAccessKey"));
  }
  const auto expires = ParseTimestamp(Text(json, "Expiration"), TimeZone::Utc());
  if (expires) credentials.expires = *expires;
  return credentials;
}

Result<Credentials> RunCredentialProcess(const std::string& profile, const std::string& command,
                                         const runtime::CancelToken& cancel) {
  auto found = Run(command, cancel);
  if (found || found.error().kind == ErrorKind::kCancelled) return found;
  return Fail(std::move(found).error().Within(fmt::format("profile '{}'", profile)));
}

}  // namespace sluice::aws
