#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

/// Days before 1582-10-15 in files of Spark 2, or of Spark 3 in its legacy mode, are counted in the hybrid
/// calendar: Julian until 1582-10-04, Gregorian from the day after. Spark reads them as the same
/// year, month, day and time of the proleptic Gregorian calendar, and so do we.
namespace sluice::columnar {

/// Which of a file's values are counted in the hybrid calendar. Empty strings: none.
struct FileCalendar {
  std::string dates_mark;  ///< what says so of DATE and INT64 timestamps, for messages
  std::string int96_mark;  ///< what says so of INT96
  std::string zone;        ///< whose local time the instants were counted by
  std::optional<int64_t> offset_micros = 0;  ///< of `zone`; nullopt where it has a history
};

/// From the key-value metadata of a footer, by Spark's rules: a writer's version decides, a mark counts
/// only beside one.
FileCalendar ReadFileCalendar(const std::map<std::string, std::string>& key_values);

/// Both keep the order of what they are given.
int64_t GregorianDay(int64_t hybrid_day);
/// nullopt for an instant before 1900 of a zone with a history, since Java's two clocks do not agree on
/// its local mean time, and for one that has no place in the other calendar.
std::optional<int64_t> GregorianMicros(int64_t hybrid_micros, const FileCalendar& calendar);

}  // namespace sluice::columnar
