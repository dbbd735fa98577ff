#include "fuzz_input.h"
#include "sluice/catalog/catalog_fault.h"
#include "sluice/catalog/commit_list.h"
#include "sluice/catalog/json_answer.h"
#include "sluice/catalog/sign_in.h"
#include "sluice/catalog/table_description.h"
#include "sluice/catalog/table_location.h"
#include "sluice/catalog/vended_credentials.h"

namespace {

using namespace sluice;
using namespace sluice::catalog;

/// What decides which files are read: no name that leads elsewhere, no hole.
void ReadAsCommits(const Json& json) {
  for (const auto& keys : {kDashedKeys, kUnderscoredKeys}) {
    auto commits = ReadCommits(Member(json, "commits"), keys);
    if (!commits) continue;
    for (const auto& commit : *commits) {
      fuzz::Require(commit.file_name.find_first_of("/\\") == std::string::npos,
                    "a commit lies in the folder of staged commits");
      fuzz::Require(commit.version.value >= 0 && commit.size >= 0, "a commit has a size");
    }
    const auto latest = Number(json, "latest-table-version").value_or(0);
    const auto chain = ChainCommits(std::move(*commits), Version{latest});
    if (!chain || chain->commits.empty()) continue;
    fuzz::Require(chain->commits.back().version == chain->latest, "a chain ends with the latest");
    fuzz::Require(chain->latest.value - chain->commits.front().version.value + 1 ==
                      static_cast<int64_t>(chain->commits.size()),
                  "a chain has no hole");
  }
}

void ReadAsTable(const Json& json) {
  for (const auto& table : {ReadTableInfo(json), ReadTableMetadata(json, {"a", "b", "c"})}) {
    if (!table) continue;
    (void)IsCatalogManaged(*table);
    const auto refusal = RefusalOf(*table);
    const auto location = ToLocation(table->location);
    fuzz::Require(refusal || location, "a table that is not refused has a place");
    if (location) {
      fuzz::Require(Covers(*location, *location), "a place covers itself");
      fuzz::Require(ToLocation(*location).value_or("") == *location, "a place is its own name");
    }
  }
}

}  // namespace

// What a catalog's server sends: tables, commits, credentials, refusals; and the profiles of a user.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string body(fuzz::Text(data, size));
  const auto name = ParseTableName(body);
  if (name) {
    const auto again = ParseTableName(name->ToString());
    fuzz::Require(again && *again == *name, "a name is written as it is read");
  }
  for (const int status : {400, 401, 403, 404, 429}) {
    const auto error = ToError(ParseFault(status, body), SubjectOf({"main", "sales", "events"}));
    fuzz::Require(!error.message.empty() && !error.remedy.empty(), "an error helps");
    fuzz::Require(error.message.size() < 8192, "an error can be read");
  }
  (void)ParseIni(body);
  const auto json = ParseJson(body);
  if (!json) return 0;
  ReadAsCommits(*json);
  ReadAsTable(*json);
  (void)ReadIssuedCredentials(*json, "s3://lake/events");
  (void)ReadStorageCredentials(*json, "s3://lake/events");
  return 0;
}
