#include "sluice/cli/list_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/cli/output.h"

namespace sluice::cli {
namespace {

using exporter::ListedObject;
using exporter::Standing;

/// Columns of `aws s3 ls`: "2026-01-31 09:00:00", a space, the size in ten places, a space, the name.
constexpr size_t kTimeWidth = 19, kSizeWidth = 10;

std::string Clock(Timestamp t) {
  constexpr int64_t kSecond = 1'000'000;
  std::string text = FormatTimestamp(Timestamp{t.micros / kSecond * kSecond});
  text[text.find('T')] = ' ';
  text.pop_back();
  return text;
}

std::string Size(int64_t bytes, bool human_readable) {
  if (!human_readable) return fmt::format("{}", bytes);
  return bytes < 1024 ? fmt::format("{} Bytes", bytes) : HumanBytes(bytes);
}

bool IsPlain(Standing standing) {
  return standing == Standing::kExported || standing == Standing::kSuccess ||
         standing == Standing::kManifest;
}

Colour ColourOf(Standing standing) {
  if (exporter::IsFault(standing)) return Colour::kBad;
  return standing == Standing::kForeign ? Colour::kWarning : Colour::kFaint;
}

std::string Mark(const ListedObject& listed) {
  if (IsPlain(listed.standing)) return "";
  std::string text(exporter::Name(listed.standing));
  if (!listed.remark.empty()) text += ": " + listed.remark;
  return "  " + Paint(ColourOf(listed.standing), "(" + text + ")");
}

std::string Line(const ListedObject& listed, bool human_readable) {
  const bool missing = listed.standing == Standing::kMissing;
  return fmt::format("{:<{}} {:>{}} {}{}", missing ? "-" : Clock(listed.object.modified),
                     kTimeWidth, Size(listed.object.size, human_readable), kSizeWidth,
                     listed.object.key, Mark(listed));
}

using Counts = std::map<Standing, int64_t>;

Counts CountStandings(const std::vector<ListedObject>& objects) {
  Counts counts;
  for (const auto& listed : objects) ++counts[listed.standing];
  return counts;
}

/// "2 foreign, 1 missing"; what is as it should be is omitted.
std::string Remarkable(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [standing, count] : counts) {
    if (IsPlain(standing) || standing == Standing::kInternal) continue;
    parts.push_back(
        Paint(ColourOf(standing), fmt::format("{} {}", count, exporter::Name(standing))));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// The part of a key that a listing shows unless it is recursive; "" for the whole key.
std::string FolderOf(const std::string& key, const ListStyle& style) {
  // Of one table: events_incremental/dt=2026-01-31/, _sluice/events/manifests/.
  const int parts = !style.one_table ? 1 : key.starts_with("_sluice/") ? 3 : 2;
  size_t at = 0;
  for (int i = 0; i < parts; ++i) {
    const size_t slash = key.find('/', at);
    if (slash == std::string::npos) return "";
    at = slash + 1;
  }
  return key.substr(0, at);
}

std::vector<std::string> Lines(const std::vector<ListedObject>& objects, const ListStyle& style) {
  std::vector<std::string> lines;
  std::map<std::string, Counts> folders;
  for (const auto& listed : objects) {
    const std::string folder = style.recursive ? "" : FolderOf(listed.object.key, style);
    if (folder.empty()) {
      lines.push_back(Line(listed, style.human_readable));
    } else {
      ++folders[folder][listed.standing];
    }
  }
  std::vector<std::string> prefixes;
  for (const auto& [folder, counts] : folders) {
    std::string remark = Remarkable(counts);
    if (counts.size() == 1 && counts.begin()->first == Standing::kInternal) {
      remark = Paint(Colour::kFaint, "internal");
    }
    prefixes.push_back(fmt::format("{:>{}} {}{}", "PRE", kTimeWidth + 1 + kSizeWidth, folder,
                                   remark.empty() ? "" : "  (" + remark + ")"));
  }
  lines.insert(lines.begin(), prefixes.begin(), prefixes.end());
  return lines;
}

/// As `aws s3 ls --summarize` ends, with what the layout check found.
std::vector<std::string> Totals(const std::vector<ListedObject>& objects, bool human_readable) {
  int64_t count = 0, bytes = 0;
  for (const auto& listed : objects) {
    if (listed.standing == Standing::kMissing) continue;
    ++count;
    bytes += listed.object.size;
  }
  const Counts counts = CountStandings(objects);
  const auto exported = counts.find(Standing::kExported);
  std::string layout = fmt::format("{} exported", exported == counts.end() ? 0 : exported->second);
  const std::string rest = Remarkable(counts);
  if (!rest.empty()) layout += ", " + rest;
  return {"", fmt::format("Total Objects: {}", count),
          fmt::format("   Total Size: {}", Size(bytes, human_readable)),
          fmt::format("       Layout: {}", layout)};
}

}  // namespace

std::string DescribeListing(const std::vector<ListedObject>& objects, const ListStyle& style) {
  std::vector<std::string> lines = Lines(objects, style);
  if (style.summarize) {
    for (auto& line : Totals(objects, style.human_readable)) lines.push_back(std::move(line));
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

Json ToJson(const std::vector<ListedObject>& objects) {
  Json all = Json::array();
  int64_t count = 0, bytes = 0;
  for (const auto& listed : objects) {
    const bool missing = listed.standing == Standing::kMissing;
    if (!missing) {
      ++count;
      bytes += listed.object.size;
    }
    all.push_back(
        {{"key", listed.object.key},
         {"size", listed.object.size},
         {"modified", missing ? Json(nullptr) : Json(FormatTimestamp(listed.object.modified))},
         {"standing", exporter::Name(listed.standing)},
         {"remark", listed.remark},
         {"remedy", listed.remedy}});
  }
  Json standings = Json::object();
  for (const auto& [standing, n] : CountStandings(objects)) {
    standings[std::string(exporter::Name(standing))] = n;
  }
  return {{"objects", std::move(all)},
          {"summary", {{"objects", count}, {"bytes", bytes}, {"standings", standings}}}};
}

std::optional<Error> FaultsOf(const std::vector<ListedObject>& objects) {
  constexpr size_t kRemediesShown = 3;
  std::vector<std::string> parts, remedies;
  const ListedObject* first = nullptr;
  for (const auto& listed : objects) {
    if (!exporter::IsFault(listed.standing)) continue;
    if (first == nullptr) first = &listed;
    const bool known = std::find(remedies.begin(), remedies.end(), listed.remedy) != remedies.end();
    if (!known && remedies.size() < kRemediesShown) remedies.push_back(listed.remedy);
  }
  if (first == nullptr) return std::nullopt;
  for (const auto& [standing, count] : CountStandings(objects)) {
    if (exporter::IsFault(standing)) {
      parts.push_back(fmt::format("{} {}", count, exporter::Name(standing)));
    }
  }
  return Error{ErrorKind::kCorrupt,
               fmt::format("files at the destination do not match their manifests: {}; first: {} "
                           "({})",
                           fmt::join(parts, ", "), first->object.key, first->remark),
               fmt::format("{}", fmt::join(remedies, "; "))};
}

}  // namespace sluice::cli
