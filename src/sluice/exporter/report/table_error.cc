#include "sluice/exporter/report/table_error.h"

#include <fmt/format.h>

#include <exception>
#include <new>
#include <utility>

#include "sluice/delta/feed/change_feed.h"

namespace sluice::exporter {

std::string_view UsualRemedy(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kCorrupt:
      return "restore that file from a backup or have its writer write it again, then run again; "
             "nothing of it was exported";
    case ErrorKind::kNotFound:
    case ErrorKind::kSourceGone:
      return "restore what is missing, or correct the table's entry in sluice.yaml, then run again";
    case ErrorKind::kStorage:
      return "fix that disk, folder or bucket, then run again; nothing is lost";
    case ErrorKind::kTransient:
      return "run again later; nothing is lost";
    case ErrorKind::kCancelled:
      return "run again; nothing is lost";
    default:
      return "";
  }
}

std::string WithName(std::string text, const std::string& name) {
  // The command for what a library can only describe.
  if (const size_t at = text.find(delta::kStartAgain); at != std::string::npos) {
    const size_t end = at + delta::kStartAgain.size();
    if (text.find("--reseed", end) == std::string::npos) {
      text.insert(end, " with `sluice run NAME --reseed`");
    }
  }
  constexpr std::string_view kPlaceholder = " NAME";
  for (size_t at = text.find(kPlaceholder); at != std::string::npos;
       at = text.find(kPlaceholder, at + 1)) {
    text.replace(at + 1, kPlaceholder.size() - 1, name);
  }
  return text;
}

Error OfTable(Error error, const config::Table& table) {
  error.remedy = WithName(std::move(error.remedy), table.name);
  error.message = WithName(std::move(error.message), table.name);
  if (error.remedy.empty()) error.remedy = UsualRemedy(error.kind);
  return std::move(error).Within("table " + table.table);
}

Status Guarded(const std::function<Status()>& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Fail(Error{ErrorKind::kStorage, "this machine has no memory left for it",
                      "lower `limits: memory` or `max_concurrent_runs`, then run again; nothing is "
                      "lost"});
  } catch (const std::exception& e) {
    return Fail(Error{ErrorKind::kInternal, fmt::format("unexpected exception: {}", e.what()),
                      "run again; nothing is lost"});
  } catch (...) {
    return Fail(Error{ErrorKind::kInternal, "unexpected exception of an unknown type",
                      "run again; nothing is lost"});
  }
}

}  // namespace sluice::exporter
