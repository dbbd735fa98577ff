#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What went wrong, as far as a program must know it. Each kind has one reaction:
///
/// | kind            | who can cure it                          | exit code |
/// |-----------------|------------------------------------------|-----------|
/// | kUsage          | the user: command line                   | 2         |
/// | kConfig         | the user: sluice.yaml                    | 2         |
/// | kNotFound       | the user: a path, table or column        | 1         |
/// | kAlreadyExists  | the caller: a conditional write lost     | 1         |
/// | kPermission     | the user: rights on a path or bucket     | 1         |
/// | kCorrupt        | the owner of the bytes                   | 1         |
/// | kUnsupported    | a feature that sluice does not know      | 1         |
/// | kConflict       | the user: two sources of truth differ    | 1         |
/// | kSourceGone     | the user: the source dropped what a window needs | 1 |
/// | kStorage        | the user: disk full, I/O error           | 1         |
/// | kTransient      | a later try                              | 75        |
/// | kCancelled      | nobody: a signal or a timeout            | 130 / 143 |
/// | kInternal       | us: a broken invariant                   | 1         |
enum class ErrorKind {
  kUsage,
  kConfig,
  kNotFound,
  kAlreadyExists,
  kPermission,
  kCorrupt,
  kUnsupported,
  kConflict,
  kSourceGone,
  kStorage,
  kTransient,
  kCancelled,
  kInternal,
};

/// The kind's name as it stands in `--json` output, e.g. "source_gone".
std::string_view ErrorKindName(ErrorKind kind);

/// True where the same call may succeed later without anybody changing anything.
bool IsRetryable(ErrorKind kind);

/// A failure: the kind for the program; message and remedy for a person. `message` names the file,
/// key or column and the cause; outer layers add what they know in front ("table main.sales.events:
/// ..."). `remedy` is one imperative sentence or empty. Value type; no secret may enter it.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  std::string remedy;

  /// Puts `context` before the message: "context: message".
  Error Within(std::string_view context) &&;
  Error WithRemedy(std::string_view text) &&;
};

}  // namespace sluice
