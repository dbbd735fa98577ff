#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/config/config.h"

namespace sluice::exporter {

/// `text` with the table's name where a remedy from below, which does not know it, says NAME.
std::string WithName(std::string text, const std::string& name);

/// What to do about errors that come from far below, where nobody knows what was being done; "" for kinds
/// that have no one remedy.
std::string_view UsualRemedy(ErrorKind kind);

/// `error` as a command reports it for `table`: the table named, and a remedy in any case that has one.
Error OfTable(Error error, const config::Table& table);

/// What `work` returns; kInternal where it throws. The one barrier of a command on a table: libraries throw (out
/// of memory above all), and the other tables must go on.
Status Guarded(const std::function<Status()>& work);

}  // namespace sluice::exporter
