#include "sluice/config/config.h"

namespace sluice::config {

std::string_view Name(Pattern pattern) {
  switch (pattern) {
    case Pattern::kAppend:
      return "append";
    case Pattern::kCdc:
      return "cdc";
    case Pattern::kSnapshot:
      return "snapshot";
  }
  return "append";
}

std::string_view Name(Partition partition) {
  return partition == Partition::kHourly ? "hourly" : "daily";
}

std::string_view Name(LateRows late_rows) {
  switch (late_rows) {
    case LateRows::kExport:
      return "export";
    case LateRows::kReport:
      return "report";
    case LateRows::kIgnore:
      return "ignore";
  }
  return "export";
}

std::string_view Name(Timestamps timestamps) {
  return timestamps == Timestamps::kMicros ? "micros" : "source";
}

std::string_view Name(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "none";
    case Compression::kSnappy:
      return "snappy";
    case Compression::kGzip:
      return "gzip";
    case Compression::kLz4:
      return "lz4";
    case Compression::kZstd:
      return "zstd";
  }
  return "zstd";
}

std::string_view Name(Copy copy) { return copy == Copy::kAuto ? "auto" : "never"; }

std::string_view Name(SchemaChange change) {
  switch (change) {
    case SchemaChange::kNotify:
      return "notify";
    case SchemaChange::kFail:
      return "fail";
    case SchemaChange::kIgnore:
      return "ignore";
  }
  return "notify";
}

std::string_view Name(PartitionMarkers markers) {
  return markers == PartitionMarkers::kNone ? "none" : "_SUCCESS";
}

std::string_view Name(Changes changes) {
  switch (changes) {
    case Changes::kAuto:
      return "auto";
    case Changes::kFeed:
      return "feed";
    case Changes::kRows:
      return "rows";
  }
  return "auto";
}

std::string_view Name(Images images) { return images == Images::kBoth ? "both" : "after"; }

std::string_view Name(SchemaMode mode) { return mode == SchemaMode::kLatest ? "latest" : "commit"; }

}  // namespace sluice::config
