#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/store/object_store.h"

/// The border between Arrow and the rest: files, streams and errors.
namespace sluice::columnar {

/// An arrow::Status as an Error: kCorrupt for Invalid and the like, kUnsupported for NotImplemented
/// and TypeError, kStorage for IOError, kInternal else. An Error that crossed Arrow inside a status
/// (see ToArrow) comes back unchanged, kind and remedy included. `context` names the file.
Error FromArrow(const arrow::Status& status, std::string_view context);
/// Wraps one of our errors so that it survives a trip through Arrow's code.
arrow::Status ToArrow(const Error& error);

/// Makes Arrow give freed memory back to the system within a moment, where it has an allocator that can:
/// peaks of one phase must not add to those of the next. Before Arrow allocates anything; the user's
/// ARROW_DEFAULT_MEMORY_POOL stands.
void ReturnFreedMemory();

/// Reads an object through Arrow; thread-safe (ReadAt). Owns the reader.
std::shared_ptr<arrow::io::RandomAccessFile> MakeRandomAccessFile(
    std::unique_ptr<store::ObjectReader> reader);

/// Writes into an upload whose completion is withheld. Borrows `writer`, which must outlive it.
/// Close() does not Finish() the upload.
std::shared_ptr<arrow::io::OutputStream> MakeOutputStream(store::UploadWriter* writer);

}  // namespace sluice::columnar

/// Returns an arrow::Status failure from the enclosing function as an Error.
#define SLUICE_ARROW_RETURN(expr, context)                                                       \
  do {                                                                                           \
    const ::arrow::Status sluice_arrow_status = (expr);                                          \
    if (!sluice_arrow_status.ok()) {                                                             \
      return ::tl::make_unexpected(::sluice::columnar::FromArrow(sluice_arrow_status, context)); \
    }                                                                                            \
  } while (false)

#define SLUICE_ARROW_ASSIGN_INNER(tmp, lhs, expr, context)                              \
  auto tmp = (expr);                                                                    \
  if (!tmp.ok()) {                                                                      \
    return ::tl::make_unexpected(::sluice::columnar::FromArrow(tmp.status(), context)); \
  }                                                                                     \
  lhs = std::move(tmp).ValueUnsafe()

#define SLUICE_ARROW_ASSIGN(lhs, expr, context) \
  SLUICE_ARROW_ASSIGN_INNER(SLUICE_CONCAT(sluice_arrow_, __COUNTER__), lhs, expr, context)
