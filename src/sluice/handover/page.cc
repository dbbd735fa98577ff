#include "sluice/handover/page.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/base/time_zone.h"

namespace sluice::handover {
namespace {

/// Blocks, added one after another.
class Page {
 public:
  void Heading(int level, std::string text) {
    Block block;
    block.kind = Block::Kind::kHeading;
    block.level = level;
    block.text = std::move(text);
    blocks_.push_back(std::move(block));
  }
  void Text(std::string text) {
    Block block;
    block.text = std::move(text);
    blocks_.push_back(std::move(block));
  }
  void List(std::vector<std::string> items) {
    Block block;
    block.kind = Block::Kind::kList;
    block.items = std::move(items);
    blocks_.push_back(std::move(block));
  }
  void Table(std::string caption, std::vector<std::vector<std::string>> rows) {
    Block block;
    block.kind = Block::Kind::kTable;
    block.text = std::move(caption);
    block.rows = std::move(rows);
    blocks_.push_back(std::move(block));
  }
  std::vector<Block> Take() && { return std::move(blocks_); }

 private:
  std::vector<Block> blocks_;
};

std::string PatternWords(const TableNotice& table) {
  if (table.pattern == "append") return "append-only";
  return table.pattern == "cdc" ? "CDC" : "snapshot";
}

std::string Cadence(const TableNotice& table) {
  if (table.schedule.find(' ') == std::string::npos) return table.schedule;
  return Code(table.schedule) + " (cron)";
}

void AddOverview(const Notice& notice, Page& page) {
  std::vector<std::string> facts{"Location: " + Code(notice.url)};
  if (notice.url.starts_with("s3://")) {
    facts.push_back("AWS region: " + (notice.region.empty() ? "not given" : Code(notice.region)));
    if (notice.encryption == "sse-kms") {
      facts.push_back("Encryption: SSE-KMS; your role needs " + Code("kms:Decrypt") +
                      " on the key");
    } else if (notice.encryption == "sse-s3") {
      facts.push_back("Encryption: SSE-S3");
    }
  }
  facts.push_back(fmt::format("As of {}, by {}", FormatTimestamp(notice.made_at), notice.program));
  page.List(std::move(facts));
  std::vector<std::vector<std::string>> rows{
      {"Table", "Pattern", "Folder", "Cadence", "Time zone"}};
  for (const auto& table : notice.tables) {
    std::string folders;
    for (const auto& layout : table.layout) {
      folders += (folders.empty() ? "" : ", ") + Code(layout.substr(0, layout.find('/') + 1));
    }
    rows.push_back(
        {Code(table.table), PatternWords(table), folders, Cadence(table), Code(table.timezone)});
  }
  page.Table("Exported tables", std::move(rows));
}

void AddChanges(const Notice& notice, Page& page) {
  if (!notice.since) return;
  page.Heading(2, fmt::format("What changed since {}", FormatTimestamp(*notice.since)));
  std::vector<std::string> items;
  for (const auto& change : notice.changes) items.push_back(Plain(change));
  if (items.empty()) items.emplace_back("Nothing.");
  page.List(std::move(items));
}

void AddReading(Page& page) {
  page.Heading(2, "How to read the exports");
  page.Text(
      "Exports of a table are numbered from 1 on. Each has a manifest, " +
      Code("<20-digit number>.json") +
      " in the table's manifest folder, written after all its files. Read manifests in the order "
      "of "
      "their numbers; a number that is missing has not been written yet, and no later one is.");
  page.List(
      {"A window is complete when its manifest is there. A quiet window has a manifest with no "
       "files, so that nothing new and not run look different.",
       Code("files") + " lists path, size, rows and checksum of every file. Files are never "
                       "changed once they are listed, and no other file belongs to the export.",
       Code("start") + " is exclusive and " + Code("end") +
           " inclusive: times in UTC for append-only tables, commit versions for CDC.",
       Code("replaces") +
           " names earlier numbers whose files this export takes the place of: drop what "
           "you loaded from them and load this one's files, in one step. The old files are "
           "deleted after a day at the earliest.",
       "Kinds " + Code("reset") + " and " + Code("void") +
           " have no files: note the number and go on. After a reset whose " + Code("end") +
           " is null, windows take the place of earlier ones as far as they hold the same times or "
           "versions.",
       Code("_sluice/NAME/heartbeat.json") +
           " is rewritten by every run: it shows that runs take place where nothing is new.",
       "Parquet readers of some tools skip folders that begin with " + Code("_") +
           " (pyarrow among them): give them the list of files from the manifest."});
}

void AddAppend(const TableNotice& table, Page& page) {
  page.Text("Rows are in the folder of their " + Code(table.watermark) + " in the time zone " +
            Code(table.timezone) + ". Load the files of each new manifest once.");
  std::vector<std::string> items{"A partition is final when it ends at or before " +
                                 Code("final_until") +
                                 " of the newest manifest, whether it has files or not."};
  if (table.late_rows == "export") {
    items.push_back(
        "Late rows, which were committed after their window was exported, come in a manifest of "
        "kind " +
        Code("late") + " with files of their own; " + Code("reopened") +
        " names the partitions they fall into. Load them like any other: no row comes twice.");
  } else {
    items.push_back("Rows that are committed after their window was exported are not exported.");
  }
  page.List(std::move(items));
}

void AddFeed(const TableNotice& table, Page& page) {
  page.Text("A seed (kind " + Code("seed") + " or " + Code("reseed") +
            ") holds the whole table at " + Code("source_version") +
            "; its files lack the columns that begin with " + Code("_") +
            ". The changes after it follow. To keep a copy of the table:");
  page.List(
      {"Begin with the files of the newest seed. A later seed replaces everything: begin anew from "
       "it.",
       "Apply changes by ascending " + Code("_commit_version") + ". Ignore rows whose " +
           Code("_change_type") + " is " + Code("update_preimage") + ".",
       "Within one version, remove the keys of " + Code("delete") +
           " rows first, then insert or overwrite by the rows of " + Code("insert") + " and " +
           Code("update_postimage") + ".",
       "Equivalent in SQL: for each key keep the row of the highest " + Code("_commit_version") +
           ", preferring " + Code("insert") + " and " + Code("update_postimage") + " to " +
           Code("delete") + " within it; drop the key if that row is a " + Code("delete") + ".",
       "Folders are named after the day of the commit in the time zone " + Code(table.timezone) +
           "; they are not an order to load in."});
}

void AddSnapshots(const TableNotice& table, Page& page) {
  page.Text("Each export is the whole table. Read the newest " + Code("snapshot_ts=") +
            " folder that contains " + Code("_SUCCESS") +
            ", or the newest manifest; the time is in UTC. Each replaces the one before.");
  page.List(
      {fmt::format("At least the {} newest snapshots stay; older ones are deleted.", table.keep),
       "A manifest with " + Code("expired") + " is one of a snapshot that was deleted."});
}

void AddTable(const Notice& notice, const TableNotice& table, Page& page) {
  page.Heading(2, "Table " + Code(table.table));
  std::vector<std::string> facts{"Pattern: " + PatternWords(table), "Cadence: " + Cadence(table)};
  for (const auto& layout : table.layout) facts.push_back("Files: " + Code(notice.url + layout));
  facts.push_back("Manifests: " + Code(notice.url + table.manifests));
  for (const auto& sample : table.samples) {
    facts.push_back("For example: " + Code(notice.url + sample));
  }
  facts.push_back(table.exports > 0 ? fmt::format("Exports so far: {}", table.exports)
                                    : std::string("Nothing is exported yet."));
  page.List(std::move(facts));
  page.Heading(3, "Reading " + Code(table.name));
  if (table.pattern == "append") AddAppend(table, page);
  if (table.pattern == "cdc") AddFeed(table, page);
  if (table.pattern == "snapshot") AddSnapshots(table, page);
  std::vector<std::vector<std::string>> rows{
      {"Column", "Parquet", "Spark", "BigQuery", "Snowflake", "NULL"}};
  for (const auto& column : table.columns) {
    rows.push_back({Code(column.name), column.in_path ? column.parquet : Code(column.parquet),
                    Code(column.spark), Code(column.bigquery), Code(column.snowflake),
                    column.nullable ? "yes" : "no"});
  }
  page.Heading(3, "Schema of " + Code(table.name));
  page.Table("Columns of " + Plain(table.table), std::move(rows));
}

}  // namespace

std::string Plain(std::string_view text) {
  std::string plain(text);
  std::erase_if(plain, [](char c) { return c == kCodeBegins || c == kCodeEnds; });
  return plain;
}

std::string Code(std::string_view text) { return kCodeBegins + Plain(text) + kCodeEnds; }

std::vector<Block> MakePage(const Notice& notice) {
  Page page;
  page.Heading(1, "Exported data");
  AddOverview(notice, page);
  AddChanges(notice, page);
  AddReading(page);
  for (const auto& table : notice.tables) AddTable(notice, table, page);
  return std::move(page).Take();
}

}  // namespace sluice::handover
