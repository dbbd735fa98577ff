#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/cli/terminal.h"
#include "sluice/exporter/inspect/glance.h"
#include "sluice/exporter/session/session.h"
#include "sluice/exporter/session/store_options.h"
#include "sluice/onboard/documents.h"
#include "sluice/onboard/merge_policy.h"
#include "sluice/onboard/policies.h"
#include "sluice/runtime/log.h"
#include "sluice/store/s3/put_bucket_policy.h"

namespace sluice::cli {
namespace {

using onboard::Document;
using onboard::FeedNeed;
using onboard::Kind;
using onboard::Party;

/// The line that holds a key of the file, which was read before; nullopt where the text has changed since.
std::optional<int> LineOf(const std::string& file, const std::vector<std::string>& key) {
  try {
    YAML::Node node = YAML::LoadFile(file);
    for (const auto& part : key) node.reset(node[part]);
    if (!key.empty() && node.IsDefined()) return node.Mark().line + 1;
  } catch (const YAML::Exception&) {
  }
  return std::nullopt;
}

Error AsError(const config::Config& config, const onboard::Contradiction& contradiction) {
  const auto line = LineOf(config.file, contradiction.key);
  return Error{ErrorKind::kConfig,
               line ? fmt::format("{}:{}: {}", config.file, *line, contradiction.message)
                    : contradiction.message,
               contradiction.remedy};
}

FeedNeed FeedNeedOf(const exporter::Services& services, const config::Table& table) {
  FeedNeed need{table.table, FeedNeed::Kind::kComparing, ""};
  if (table.cdc().changes == config::Changes::kRows) return need;
  const auto glance = exporter::GlanceAtSource(services, table);
  if (!glance) {
    need.kind = FeedNeed::Kind::kUnknown;
    need.why = runtime::RedactError(glance.error().message);
  } else if (glance->change_feed) {
    need.kind = FeedNeed::Kind::kOn;
  } else {
    const bool computes = table.cdc().changes != config::Changes::kFeed;
    need.kind =
        computes && glance->row_tracking ? FeedNeed::Kind::kRowTracking : FeedNeed::Kind::kOff;
  }
  return need;
}

Result<onboard::Setup> Prepare(const Selection& selection, const OnboardCommand& command) {
  const auto& services = selection.loaded.services;
  const config::Config& config = *selection.loaded.config;
  const onboard::Options options{command.account,         command.runner,
                                 command.databricks_role, command.databricks_external_id,
                                 command.catalog,         command.schema};
  SLUICE_RETURN_IF_ERROR(onboard::CheckOptions(options));
  if (const auto contradiction = onboard::FindContradiction(config, options)) {
    return Fail(AsError(config, *contradiction));
  }
  SLUICE_ASSIGN_OR_RETURN(const auto places, exporter::FindPlaces(services));
  return onboard::MakeSetup(config, places.destination, places.state, selection.tables, options);
}

Result<std::vector<Document>> Collect(const Selection& selection, const OnboardCommand& command) {
  SLUICE_ASSIGN_OR_RETURN(auto setup, Prepare(selection, command));
  for (const auto* table : selection.tables) {
    if (table->is_cdc()) {
      setup.feeds.push_back(FeedNeedOf(selection.loaded.services, *table));
    }
  }
  return onboard::MakeDocuments(setup);
}

/// The form of a document that people read; nullopt for one that has only commands, which the overview leaves out.
std::optional<Kind> ReadableKind(const std::vector<Document>& all, const std::string& name) {
  for (const Kind kind : {Kind::kText, Kind::kSql, Kind::kJson}) {
    if (std::any_of(all.begin(), all.end(), [&](const Document& document) {
          return document.name == name && document.kind == kind;
        })) {
      return kind;
    }
  }
  return std::nullopt;
}

/// kUsage where `only` names none of them, or none in this form.
Result<std::vector<Document>> Choose(std::vector<Document> all, const OnboardCommand& command) {
  std::vector<Document> chosen;
  std::vector<std::string> names;
  for (const auto& document : all) {
    if (std::find(names.begin(), names.end(), document.name) == names.end()) {
      names.push_back(document.name);
    }
    const auto readable = ReadableKind(all, document.name);
    const bool is_read =
        document.kind == readable.value_or(Kind::kAws) && (readable || !command.only.empty());
    const bool wanted = (command.only.empty() || document.name == command.only) &&
                        (command.format.empty() || Name(document.kind) == command.format ||
                         (command.format == "text" && is_read));
    if (wanted) chosen.push_back(document);
  }
  if (chosen.empty() && !command.only.empty()) {
    const bool known = std::find(names.begin(), names.end(), command.only) != names.end();
    return Fail(Error{ErrorKind::kUsage,
                      known ? fmt::format("'{}' has no form {}", command.only, command.format)
                            : fmt::format("'{}' is not a document of this config", command.only),
                      known ? "leave --format out, or choose another one"
                            : fmt::format("name one of {}", fmt::join(names, ", "))});
  }
  return chosen;
}

std::string_view Runs(Party party) {
  switch (party) {
    case Party::kPartner:
      return "for the partner";
    case Party::kAws:
      return "for who administers the exporter's AWS account";
    case Party::kDatabricks:
      return "for who administers Databricks";
  }
  return "";
}

/// `text` as comment lines of bash, HCL or SQL that fit into 80 columns.
std::string CommentLines(const Document& document) {
  constexpr size_t kColumns = 76;
  const std::string mark = document.kind == Kind::kSql ? "-- " : "# ";
  const std::string text = Wrap(
      fmt::format("{} ({}). {}", document.name, Runs(document.who), document.purpose), kColumns,
      /*deeper=*/0);
  std::string comment = mark;
  for (const char c : text) comment += c == '\n' ? "\n" + mark : std::string(1, c);
  return comment + "\n";
}

/// Documents in one form as one script or module that can be run or applied as it is.
std::string AsOneText(const std::vector<Document>& documents, const std::string& format) {
  std::string text = format == "aws" ? "#!/usr/bin/env bash\nset -euo pipefail\n" : "";
  for (const auto& document : documents) {
    text += (text.empty() ? "" : "\n") + CommentLines(document) + document.text + "\n";
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

/// One object by names; of one document just itself, so that it can be redirected into a file.
std::string AsOneJson(const std::vector<Document>& documents, const OnboardCommand& command) {
  if (!command.only.empty()) return documents.front().text;
  Json all = Json::object();
  for (const auto& document : documents) all[document.name] = Json::parse(document.text);
  return all.dump(2);
}

void PrintOverview(const std::vector<Document>& documents) {
  bool first = true;
  for (const auto& document : documents) {
    if (!first) PrintLine("");
    first = false;
    PrintLine(Paint(Colour::kGood, document.name) + ", " + std::string(Runs(document.who)));
    PrintLine(document.purpose);
    PrintTable(document.text);
  }
  PrintLine("\nAs commands or as Terraform: `sluice onboard --format aws`, `--format terraform`");
}

void Print(const std::vector<Document>& documents, const OnboardCommand& command) {
  if (command.format == "json") return PrintTable(AsOneJson(documents, command));
  if (command.format != "text" || !command.only.empty()) {
    return PrintTable(AsOneText(documents, command.format));
  }
  PrintOverview(documents);
}

Json ToJson(const std::vector<Document>& documents) {
  Json all = Json::array();
  for (const auto& document : documents) {
    all.push_back({{"name", document.name},
                   {"purpose", document.purpose},
                   {"who", Name(document.who)},
                   {"kind", Name(document.kind)},
                   {"text", document.text}});
  }
  return {{"documents", std::move(all)}};
}

/// kConfig where there is nothing to apply it to or for.
Status RequireApplicable(const config::Config& config, const onboard::Setup& setup) {
  if (!setup.in_bucket()) {
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("{}: a local folder has no policy", setup.destination.ToString()),
                      "see `sluice onboard` for the folders that the partner reads"});
  }
  if (!config.partner.role_arn) {
    return Fail(
        Error{ErrorKind::kConfig,
              fmt::format("{}: partner.role_arn is not set, so nobody can be let in", config.file),
              "set it to the role that the partner gave you"});
  }
  return {};
}

/// What the bucket's policy was asked to become, before it is put.
struct Proposal {
  std::string bucket;
  onboard::MergedPolicy merged;
};

Result<onboard::MergedPolicy> MergeWithBucket(const exporter::Services& services,
                                              const onboard::Setup& setup) {
  SLUICE_ASSIGN_OR_RETURN(const auto settings,
                          services.open_bucket(setup.destination.bucket,
                                               exporter::StoreRole::kDestination, services.cancel));
  SLUICE_ASSIGN_OR_RETURN(const std::string existing, settings->Policy());
  return onboard::MergePolicy(existing, onboard::BucketStatements(setup));
}

/// S3 has no condition for a policy: it is read again, to see whether somebody wrote in between.
Status Put(const exporter::Services& services, const onboard::Setup& setup,
           const onboard::MergedPolicy& merged) {
  const auto options = exporter::StoreOptionsFor(
      *services.config, exporter::StoreRole::kDestination, services.cancel);
  SLUICE_RETURN_IF_ERROR(
      store::PutBucketPolicy(setup.destination.bucket, options, merged.policy.dump()));
  SLUICE_ASSIGN_OR_RETURN(const auto again, MergeWithBucket(services, setup));
  if (again.changes.empty() && again.others == merged.others) return {};
  return Fail(Error{
      ErrorKind::kConflict,
      fmt::format("{}: somebody else wrote the policy at the same time", setup.destination.bucket),
      "look at the policy, and run `sluice onboard --apply` again"});
}

void PrintChanges(const Proposal& proposal) {
  for (const auto& change : proposal.merged.changes) {
    const bool is_new = change.before.is_null();
    PrintLine(fmt::format("{} {}", is_new ? "add" : "update", change.sid));
    if (!is_new) PrintTable("before:\n" + change.before.dump(2) + "\nafter:");
    PrintTable(change.after.dump(2));
  }
  PrintLine(fmt::format("{} of others stay as they are",
                        Plural(static_cast<int64_t>(proposal.merged.others), "statement")));
}

Json ToJson(const Proposal& proposal) {
  Json changes = Json::array();
  for (const auto& change : proposal.merged.changes) {
    changes.push_back({{"sid", change.sid}, {"before", change.before}, {"after", change.after}});
  }
  return {{"documents", Json::array()},
          {"applied",
           {{"bucket", proposal.bucket},
            {"changes", std::move(changes)},
            {"others", proposal.merged.others}}}};
}

int Apply(const Context& context, const OnboardCommand& command, const Selection& selection) {
  const auto& services = selection.loaded.services;
  const auto setup = Prepare(selection, command);
  if (!setup) return Report(setup.error(), context);
  const auto applicable = RequireApplicable(*selection.loaded.config, *setup);
  if (!applicable) return Report(applicable.error(), context);
  auto merged = MergeWithBucket(services, *setup);
  if (!merged) return Report(merged.error(), context);
  const Proposal proposal{setup->destination.bucket, *std::move(merged)};
  const bool changed = !proposal.merged.changes.empty();
  if (!context.json && !context.quiet && changed) PrintChanges(proposal);
  if (changed) {
    const Status put = Put(services, *setup, proposal.merged);
    if (!put) return Report(put.error(), context);
  }
  if (context.json) {
    PrintAnswer(context, ToJson(proposal), kExitOk);
  } else if (!context.quiet) {
    PrintLine(changed ? "put: the policy of s3://" + proposal.bucket
                      : "the policy of s3://" + proposal.bucket + " is as it should be");
  }
  return kExitOk;
}

}  // namespace

int Execute(const Context& context, const OnboardCommand& given) {
  OnboardCommand command = given;
  if (command.apply && !(command.format.empty() && command.only.empty())) {
    return Report(
        Error{ErrorKind::kUsage, "--apply shows what it does, and takes no --format or --only",
              "leave them out"},
        context);
  }
  if (!context.json && command.format.empty()) command.format = "text";
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  if (command.apply) return Apply(context, command, *selection);
  auto documents = Collect(*selection, command);
  if (!documents) return Report(documents.error(), context);
  const auto chosen = Choose(*std::move(documents), command);
  if (!chosen) return Report(chosen.error(), context);
  if (context.json) {
    PrintAnswer(context, ToJson(*chosen), kExitOk);
  } else if (chosen->empty()) {
    PrintToErrors(fmt::format("nothing of this config has the form {}: see `sluice onboard`",
                              command.format));
  } else {
    Print(*chosen, command);
  }
  return kExitOk;
}

}  // namespace sluice::cli
