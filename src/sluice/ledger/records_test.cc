#include "sluice/ledger/records.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "sluice/ledger/ledger_path.h"
#include "sluice/testing/matchers.h"

namespace sluice::ledger {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

constexpr Timestamp kNow{1'767'225'600'000'001};

std::string LastPart(const std::string& key) { return key.substr(key.rfind('/') + 1); }

RC_GTEST_PROP(LedgerPathProperty, NamesAreReadAsTheyAreMade, ()) {
  const auto n = *rc::gen::inRange<int64_t>(1, std::numeric_limits<int64_t>::max());
  const int generation = *rc::gen::inRange(1, 1000);
  const auto decision = ParseLedgerEntry(LastPart(DecisionKey("t/", n, generation)));
  RC_ASSERT(decision.has_value());
  RC_ASSERT(decision->n == n);
  RC_ASSERT(decision->generation == generation);
  RC_ASSERT((decision->type == LedgerEntryName::Type::kDecision));
  RC_ASSERT(
      (ParseLedgerEntry(LastPart(IntentKey("t/", n)))->type == LedgerEntryName::Type::kIntent));
  RC_ASSERT((ParseLedgerEntry(LastPart(RunnerHeartbeatKey("t/", n)))->type ==
             LedgerEntryName::Type::kHeartbeat));
  RC_ASSERT(ParseManifestName(LastPart(ManifestKey("t", n))) == n);
}

RC_GTEST_PROP(LedgerPathProperty, OrderOfNamesIsTheOrderOfNumbers, ()) {
  const auto a = *rc::gen::inRange<int64_t>(1, std::numeric_limits<int64_t>::max());
  const auto b = *rc::gen::inRange<int64_t>(1, std::numeric_limits<int64_t>::max());
  RC_ASSERT((a < b) == (ManifestKey("t", a) < ManifestKey("t", b)));
}

TEST(LedgerPathTest, ForeignNamesAreNoEntries) {
  const std::string n = FormatNumber(7);
  for (const std::string& file : std::vector<std::string>{
           "last_run.json", "7.intent.json", n, n + ".json", n + ".commit", n + ".commit.1.json",
           n + ".commit.02.json", n + ".commit.-2.json", n + ".commit..json",
           n + ".intent.json.tmp", "-" + n.substr(1) + ".intent.json",
           FormatNumber(0) + ".intent.json", "99999999999999999999.intent.json"}) {
    EXPECT_FALSE(ParseLedgerEntry(file)) << file;
  }
  EXPECT_FALSE(ParseManifestName(n + ".json2"));
  EXPECT_FALSE(ParseManifestName("7.json"));
}

Runner SomeRunner() {
  Runner runner = Runner::ThisProcess("run-1");
  return runner;
}

/// A decision with a value in every field.
Decision FullDecision() {
  Decision d;
  d.n = 12;
  d.generation = 2;
  d.attempt = "0123456789abcdef";
  store::PendingUpload upload{
      "a b/ü%2F\"", "id", {{1, "\"e1\"", 5}, {2, "e2", 3}}, 8, "crc64nvme:0"};
  d.files = {{upload, 3, "dt=2026-01-01/hr=00"}};
  d.superseded = {"old/file"};
  d.manifest.n = 12;
  d.manifest.kind = ExportKind::kLate;
  d.manifest.table = "main.sales.\"events\"\n";
  d.manifest.table_id = "id";
  d.manifest.source_version = Version{9};
  d.manifest.start = kNow;
  d.manifest.end = Timestamp{kNow.micros + 1};
  d.manifest.timezone = "Asia/Kolkata";
  d.manifest.schema = nlohmann::json::parse(R"({"type":"struct","fields":[]})");
  d.manifest.files = {{"p", 1, 2, "c", "dt=x"}};
  d.manifest.partitions_touched = {"dt=1"};
  d.manifest.partitions_final = {"dt=0"};
  d.manifest.reopened = {"dt=-1"};
  d.manifest.replaces = {3, 4};
  d.manifest.renewed = Renewed{kNow, Timestamp{kNow.micros + 1}, 2, "0f"};
  d.manifest.rows = 5;
  d.manifest.row_hash = "00ff";
  d.manifest.null_watermarks = 6;
  d.manifest.reason = "because";
  d.manifest.expired = true;
  d.manifest.final_until = kNow;
  d.manifest.skipped = true;
  d.manifest.committed_at = kNow;
  d.manifest.program = "sluice 0.1.0";
  d.position = {kNow, Version{4},  Version{5}, "digest",     "tid",
                "{}", "columns:a", kNow,       Timestamp{-1}};
  d.position.catalog_id = "cid";
  d.state_expected = std::monostate{};
  d.state_value = Version{4};
  d.state_forget = true;
  d.state_forced = true;
  d.watermark_min = kNow;
  d.watermark_max = Timestamp{kNow.micros + 5};
  d.row_groups_copied = 1;
  d.row_groups_spliced = 2;
  d.row_groups_rewritten = 3;
  d.runner = SomeRunner();
  return d;
}

TEST(RecordsTest, DecisionOfAnOlderProgramNamesNoCommitOfTheSource) {
  auto json = nlohmann::json::parse(Serialize(FullDecision()));
  json.at("position").erase("scanned_commit");
  const auto back = ParseDecision(json.dump(), "12.commit.json");
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->position.scanned_commit, "");
  EXPECT_EQ(back->position.scanned_through, Version{5});
}

TEST(RecordsTest, DecisionWithoutACatalogNamesNoId) {
  Decision decision = FullDecision();
  decision.position.catalog_id.clear();
  const std::string text = Serialize(decision);
  EXPECT_EQ(text.find("catalog_id"), std::string::npos);
  EXPECT_EQ(ParseDecision(text, "12.commit.json")->position.catalog_id, "");
}

TEST(RecordsTest, DecisionComesBackWordForWord) {
  const std::string text = Serialize(FullDecision());
  const auto back = ParseDecision(text, "12.commit.json");
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(Serialize(*back), text);
  EXPECT_EQ(back->position.newest_commit, Timestamp{-1});
  EXPECT_EQ(back->position.catalog_id, "cid");
  EXPECT_EQ(back->manifest.table, "main.sales.\"events\"\n");
  EXPECT_EQ(back->files[0].upload.parts[1].etag, "e2");
}

TEST(RecordsTest, ManifestInADecisionIsTheManifestThatIsPublished) {
  const Decision decision = FullDecision();
  const auto back = ParseDecision(Serialize(decision), "d");
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(Serialize(back->manifest), Serialize(decision.manifest));
  const auto manifest = ParseManifest(Serialize(decision.manifest), "m");
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(Serialize(*manifest), Serialize(decision.manifest));
}

TEST(RecordsTest, IntentComesBackWordForWord) {
  Intent intent;
  intent.n = 3;
  intent.kind = ExportKind::kBackfill;
  intent.table = "main.sales.events";
  intent.source_version = Version{0};
  intent.start = kNow;
  intent.end = std::monostate{};
  intent.snapshot_at = kNow;
  intent.replaces = {1, 2};
  intent.renewed_start = kNow;
  intent.renewed_end = Timestamp{kNow.micros + 1};
  intent.carried = {{"p", 1, 2, "c", "dt=x"}};
  intent.shape = {{"b", 1}, {"a", {1, 2}}};
  intent.shape_digest = DigestOf(intent.shape);
  intent.created_at = kNow;
  intent.runner = SomeRunner();
  const auto back = ParseIntent(Serialize(intent), "3.intent.json");
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(Serialize(*back), Serialize(intent));
}

TEST(RecordsTest, EveryTruncationIsCorruptAndNamed) {
  const std::string text = Serialize(FullDecision());
  for (size_t length = 0; length + 2 < text.size(); length += 7) {
    const auto back = ParseDecision(text.substr(0, length), "12.commit.json");
    EXPECT_THAT(back, IsError(ErrorKind::kCorrupt)) << length;
    EXPECT_THAT(back, HasMessage("12.commit.json")) << length;
  }
}

TEST(RecordsTest, EveryMissingOrWronglyTypedFieldIsCorrupt) {
  const auto whole = nlohmann::json::parse(Serialize(FullDecision()));
  for (const auto& [key, value] : whole.items()) {
    if (key == "decision") continue;  // for people
    auto without = whole;
    without.erase(key);
    EXPECT_THAT(ParseDecision(without.dump(), "d"), IsError(ErrorKind::kCorrupt)) << key;
    auto wrong = whole;
    wrong[key] = nlohmann::json::array({"x", nlohmann::json::object()});
    EXPECT_THAT(ParseDecision(wrong.dump(), "d"), IsError(ErrorKind::kCorrupt)) << key;
  }
}

/// Every value in `json`, as JSON pointers.
void Collect(const nlohmann::json& json, const std::string& at, std::vector<std::string>& all) {
  if (!at.empty()) all.push_back(at);
  for (const auto& [key, value] : json.items()) {
    if (json.is_structured()) Collect(value, at + "/" + key, all);
  }
}

/// One value of every JSON type, and numbers at the edges.
std::vector<nlohmann::json> Oddities() {
  return {nullptr,
          true,
          -7,
          std::numeric_limits<int64_t>::min(),
          std::numeric_limits<uint64_t>::max(),
          1e300,
          0.5,
          "",
          "x",
          "\xff\xfe",
          "9999999-99-99T99:99:99Z",
          nlohmann::json::array(),
          nlohmann::json::array({1, "a", nullptr}),
          nlohmann::json::object(),
          nlohmann::json::object({{"fields", nlohmann::json::array({1})}})};
}

/// Puts every oddity in the place of every value of `record`: it is read, or corrupt with key and field named.
template <typename ParseOne>
void MutateEveryField(const std::string& record, const std::string& key, ParseOne&& parse) {
  const auto whole = nlohmann::json::parse(record);
  std::vector<std::string> pointers;
  Collect(whole, "", pointers);
  const auto expect = [&](const nlohmann::json& mutated, const std::string& pointer) {
    const std::string text = mutated.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
    const auto back = parse(text, key);
    if (back) return (void)Serialize(*back);
    if (back.error().kind == ErrorKind::kUnsupported && pointer == "/format") return;
    EXPECT_EQ(back.error().kind, ErrorKind::kCorrupt) << pointer << " " << text;
    EXPECT_THAT(back.error().message, ::testing::HasSubstr(key));
    const std::string top = pointer.substr(1, pointer.find_first_of("/", 1) - 1);
    EXPECT_THAT(back.error().message, ::testing::HasSubstr(top)) << pointer << " " << text;
  };
  for (const auto& pointer : pointers) {
    const nlohmann::json::json_pointer at(pointer);
    for (const auto& oddity : Oddities()) {
      auto mutated = whole;
      mutated[at] = oddity;
      expect(mutated, pointer);
    }
    auto without = whole;
    auto& parent = without[at.parent_pointer()];
    if (parent.is_object()) parent.erase(at.back());
    expect(without, pointer);
  }
}

TEST(RecordsTest, ManifestEditedByHandIsReadOrCorruptWithKeyAndField) {
  MutateEveryField(Serialize(FullDecision().manifest), "manifests/12.json",
                   [](const auto& text, const auto& key) { return ParseManifest(text, key); });
}

TEST(RecordsTest, DecisionEditedByHandIsReadOrCorruptWithKeyAndField) {
  MutateEveryField(Serialize(FullDecision()), "ledger/12.commit.json",
                   [](const auto& text, const auto& key) { return ParseDecision(text, key); });
}

TEST(RecordsTest, IntentEditedByHandIsReadOrCorruptWithKeyAndField) {
  Intent intent;
  intent.n = 12;
  intent.start = kNow;
  intent.end = Version{4};
  intent.replaces = {1};
  intent.shape = {{"timezone", "UTC"}};
  intent.runner = SomeRunner();
  MutateEveryField(Serialize(intent), "ledger/12.intent.json",
                   [](const auto& text, const auto& key) { return ParseIntent(text, key); });
}

TEST(RecordsTest, RecordNestedTooDeeplyIsCorrupt) {
  auto manifest = nlohmann::json::parse(Serialize(FullDecision().manifest));
  std::string text = manifest.dump();
  const std::string schema = "\"schema\":";
  text.insert(text.find(schema) + schema.size(), std::string(100'000, '['));
  EXPECT_THAT(ParseManifest(text, "m"), IsError(ErrorKind::kCorrupt));
}

TEST(RecordsTest, ManifestWithoutTheNewerFieldsIsReadAsBefore) {
  auto old = nlohmann::json::parse(Serialize(FullDecision().manifest));
  old.erase("final_until");
  old.erase("skipped");
  const auto back = ParseManifest(old.dump(), "m");
  ASSERT_THAT(back, IsOk());
  EXPECT_FALSE(back->final_until);
  EXPECT_FALSE(back->skipped);
}

TEST(RecordsTest, RowHashOfBytesThatMovedUndecodedIsNone) {
  auto undecoded = nlohmann::json::parse(Serialize(FullDecision().manifest));
  undecoded["row_hash"] = nullptr;
  const auto back = ParseManifest(undecoded.dump(), "m");
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->row_hash, "");
}

TEST(RecordsTest, LaterFormatIsRefusedAndNotGuessedAt) {
  auto later = nlohmann::json::parse(Serialize(FullDecision()));
  later["format"] = kFormat + 1;
  EXPECT_THAT(ParseDecision(later.dump(), "d"), IsError(ErrorKind::kUnsupported));
}

TEST(RecordsTest, DigestIgnoresTheOrderOfKeys) {
  const auto a = nlohmann::json::parse(R"({"x":1,"y":[1,2]})");
  EXPECT_EQ(DigestOf(a), DigestOf(nlohmann::json::parse(R"({"y":[1,2],"x":1})")));
  EXPECT_NE(DigestOf(a), DigestOf(nlohmann::json::parse(R"({"y":[2,1],"x":1})")));
  EXPECT_EQ(DigestOf(a).size(), 32u);
}

class JudgeTest : public ::testing::Test {
 protected:
  Liveness JudgeAt(Duration age) { return Judge(heartbeat_, kNow + age, self_); }

  Runner self_ = Runner::ThisProcess("self");
  Heartbeat heartbeat_{Runner::ThisProcess("other"), kNow, false};
};

TEST_F(JudgeTest, FreshOwnerOnThisMachineIsAlive) {
  EXPECT_EQ(JudgeAt(Seconds(30)), Liveness::kAlive);
  EXPECT_EQ(JudgeAt(kHeartbeatExpiry), Liveness::kAlive);
  EXPECT_EQ(JudgeAt(Duration{kHeartbeatExpiry.micros + 1}), Liveness::kGone);
}

TEST_F(JudgeTest, ReleasedNumberIsFree) {
  heartbeat_.released = true;
  EXPECT_EQ(JudgeAt(Duration{0}), Liveness::kGone);
}

TEST_F(JudgeTest, DeadProcessOfThisMachineIsGoneAtOnce) {
  heartbeat_.runner.pid = 0x3fffffff;
  EXPECT_EQ(JudgeAt(Duration{0}), Liveness::kGone);
}

TEST_F(JudgeTest, PidThatWasUsedAgainIsAnotherProcess) {
  heartbeat_.runner.start_ticks += 1;
  EXPECT_EQ(JudgeAt(Duration{0}), Liveness::kGone);
}

TEST_F(JudgeTest, ProcessOfAnotherMachineIsJudgedByItsAgeAlone) {
  heartbeat_.runner.pid = 0x3fffffff;
  for (std::string Runner::*field : {&Runner::host, &Runner::boot_id, &Runner::pid_space}) {
    Heartbeat elsewhere = heartbeat_;
    elsewhere.runner.*field += "-other";
    EXPECT_EQ(Judge(elsewhere, kNow, self_), Liveness::kAlive);
    EXPECT_EQ(Judge(elsewhere, kNow + Minutes(6), self_), Liveness::kGone);
  }
}

TEST_F(JudgeTest, HeartbeatFromTheFutureBlocksNobodyForLong) {
  heartbeat_.runner.host += "-other";
  EXPECT_EQ(JudgeAt(Duration{-Seconds(30).micros}), Liveness::kAlive);
  EXPECT_EQ(JudgeAt(Duration{-Hours(5).micros}), Liveness::kGone);
}

TEST_F(JudgeTest, HeartbeatComesBack) {
  const auto back = ParseHeartbeat(Serialize(heartbeat_), "h");
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(Serialize(*back), Serialize(heartbeat_));
  EXPECT_THAT(ParseHeartbeat("{}", "h"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ParseHeartbeat("[1]", "h"), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::ledger
