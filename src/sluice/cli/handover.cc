#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/exporter/inspect/glance.h"
#include "sluice/exporter/session/session.h"
#include "sluice/handover/notice.h"
#include "sluice/handover/page.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using handover::Notice;

Result<std::string> ReadFile(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream) {
    return Fail(Error{ErrorKind::kNotFound, fmt::format("{}: cannot be read", file.string()),
                      "name a file that an earlier `sluice handover -o` left"});
  }
  return std::move(text).str();
}

/// Whole or not at all: written beside and renamed.
Status WriteFile(const fs::path& file, const std::string& text) {
  fs::path beside = file;
  beside += ".tmp";
  std::ofstream stream(beside, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  std::error_code error;
  if (stream) fs::rename(beside, file, error);
  if (!stream || error) {
    std::error_code ignored;
    fs::remove(beside, ignored);
    return Fail(Error{ErrorKind::kStorage, fmt::format("{}: cannot be written", file.string()),
                      "name a file in a folder that exists and has space"});
  }
  return {};
}

std::string FormatOf(const HandoverCommand& command) {
  if (!command.format.empty()) return command.format;
  const std::string ending = fs::path(command.out).extension().string();
  if (ending == ".html" || ending == ".htm") return "html";
  return ending == ".json" ? "json" : "markdown";
}

/// Where the notice is kept as data, for the next one to be compared with.
fs::path DataBeside(const std::string& out) { return fs::path(out).replace_extension(".json"); }

/// The schema comes from what is published; a table that is not exported yet is looked at in its source.
Result<std::vector<handover::TableFacts>> CollectFacts(const Selection& selection) {
  const auto& services = selection.loaded.services;
  std::vector<handover::TableFacts> all;
  for (const auto* table : selection.tables) {
    handover::TableFacts facts;
    facts.table = table;
    auto published = exporter::LookAtPublished(services, *table);
    if (!published) return Fail(std::move(published).error().Within("table " + table->table));
    facts.newest = std::move(published->newest);
    facts.exports = published->exports;
    facts.samples = std::move(published->samples);
    if (!facts.newest) {
      auto glance = exporter::GlanceAtSource(services, *table);
      if (!glance) {
        return Fail(std::move(glance).error().Within(fmt::format(
            "table {}: nothing is exported yet, and its source does not show its columns",
            table->table)));
      }
      facts.columns = std::move(glance->columns);
    }
    all.push_back(std::move(facts));
  }
  return all;
}

Result<Notice> Compose(const Context& context, const HandoverCommand& command) {
  SLUICE_ASSIGN_OR_RETURN(const Selection selection, LoadAndSelect(context, {}));
  const auto& services = selection.loaded.services;
  SLUICE_ASSIGN_OR_RETURN(const auto places, exporter::FindPlaces(services));
  SLUICE_ASSIGN_OR_RETURN(const auto facts, CollectFacts(selection));
  SLUICE_ASSIGN_OR_RETURN(Notice notice,
                          handover::MakeNotice(*selection.loaded.config, places.destination, facts,
                                               services.clock->Now(), services.program));
  fs::path before = command.since;
  if (before.empty() && !command.out.empty()) {
    const fs::path beside = DataBeside(command.out);
    std::error_code error;
    if (fs::exists(beside, error)) before = beside;
  }
  if (before.empty()) return notice;
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ReadFile(before));
  SLUICE_ASSIGN_OR_RETURN(const Notice former, handover::ParseNotice(text, before.string()));
  handover::TellChanges(former, notice);
  return notice;
}

std::string Render(const Notice& notice, const std::string& format) {
  if (format == "json") return handover::ToJson(notice).dump(2) + "\n";
  const auto page = handover::MakePage(notice);
  return format == "html" ? handover::ToHtml(page, "Exported data: " + notice.url)
                          : handover::ToMarkdown(page);
}

/// The files written, the notice first.
Result<std::vector<std::string>> Write(const Notice& notice, const HandoverCommand& command) {
  const std::string format = FormatOf(command);
  const fs::path data = DataBeside(command.out);
  std::vector<std::string> written{command.out};
  SLUICE_RETURN_IF_ERROR(WriteFile(command.out, Render(notice, format)));
  if (data == fs::path(command.out)) return written;
  SLUICE_RETURN_IF_ERROR(WriteFile(data, Render(notice, "json")));
  written.push_back(data.string());
  return written;
}

}  // namespace

int Execute(const Context& context, const HandoverCommand& command) {
  if (fs::path(command.out).extension() == ".json" && FormatOf(command) != "json") {
    return Report(
        Error{ErrorKind::kUsage,
              fmt::format("{} is the file of the data, not of {}", command.out, FormatOf(command)),
              "give the file another ending, e.g. .md or .html"},
        context);
  }
  const auto notice = Compose(context, command);
  if (!notice) return Report(notice.error(), context);
  std::vector<std::string> written;
  if (!command.out.empty()) {
    auto files = Write(*notice, command);
    if (!files) return Report(files.error(), context);
    written = *std::move(files);
  }
  if (context.json) {
    PrintAnswer(context, {{"notice", handover::ToJson(*notice)}, {"written", written}}, kExitOk);
  } else if (written.empty()) {
    std::string text = Render(*notice, FormatOf(command));
    text.pop_back();
    PrintTable(text);
  } else if (!context.quiet) {
    PrintLine(fmt::format("wrote {}", fmt::join(written, " and ")));
    for (const auto& change : notice->changes) PrintLine("  " + change);
  }
  return kExitOk;
}

}  // namespace sluice::cli
