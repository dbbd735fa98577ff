#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/scalar.h>
#include <arrow/table.h>

#include "sluice/delta/write/data_file_writer.h"
#include "sluice/state/state_fixture.h"
#include "sluice/state/state_table.h"

namespace sluice::state {
namespace {

// Tables that ask too much are refused before a commit is tried, and what can be kept is.
class StateWritableTest : public StateFixture {
 protected:
  static delta::Field Column(const std::string& name, delta::DataType type, bool nullable = true) {
    delta::Field field;
    field.name = name;
    field.type = std::move(type);
    field.nullable = nullable;
    return field;
  }
  static delta::DataType Nested(delta::TypeId id, std::vector<delta::Field> parts) {
    return delta::DataType{id, 0, 0, std::move(parts)};
  }
  static delta::DataType Plain(delta::TypeId id) { return delta::DataType{id, 0, 0, {}}; }

  /// The guide's table with one more column, or with a source_table that has a note.
  static delta::TableSchema With(delta::Field column) {
    delta::TableSchema schema = GuideSchema();
    schema.fields.push_back(std::move(column));
    return schema;
  }
  static delta::TableSchema WithNote(const std::string& type) {
    delta::TableSchema schema = GuideSchema();
    schema.fields[0].metadata_json = R"({"__CHAR_VARCHAR_TYPE_STRING":")" + type + R"("})";
    return schema;
  }

  /// `names`: of the rows, at hour 1, with an integer 7 in every column that others added.
  void Create(const delta::TableSchema& schema, const std::vector<std::string>& names = {},
              std::vector<std::string> partition_columns = {}) {
    delta::Commit commit;
    commit.version = Version{0};
    commit.protocol = delta::Protocol();
    commit.metadata = delta::Metadata();
    commit.metadata->id = "test";
    commit.metadata->schema = schema;
    commit.metadata->partition_columns = std::move(partition_columns);
    for (const std::string& name : names) commit.adds.push_back(WriteRow(schema, name));
    ASSERT_EQ(delta::WriteCommit(*store, commit).value(), delta::CommitOutcome::kCommitted);
  }

  Status Writable() const { return state->RequireWritable(kEvents, Progress::kEndTime); }

  /// Refused beforehand and by the commit, and nothing is written.
  void ExpectRefused(const std::vector<std::string>& message, const std::string& remedy) {
    const auto keys = Keys();
    const Status before = Writable();
    const auto commit = state->Follow(Export(kEvents, 1, {}, 5));
    ASSERT_FALSE(before);
    ASSERT_FALSE(commit);
    for (const Error& error : {before.error(), commit.error()}) {
      EXPECT_EQ(error.kind, ErrorKind::kUnsupported) << error.message;
      for (const std::string& text : message) {
        EXPECT_NE(error.message.find(text), std::string::npos) << error.message;
      }
      EXPECT_NE(error.remedy.find(remedy), std::string::npos) << error.remedy;
      EXPECT_EQ(error.remedy.find("exclude"), std::string::npos) << error.remedy;
    }
    EXPECT_EQ(Keys(), keys);
  }

  void ExpectKept(std::optional<int64_t> stands) {
    ASSERT_TRUE(Writable()) << Writable().error().message;
    EXPECT_EQ(Follow(Export(kEvents, 1, stands, 5)), AdvanceOutcome::kWritten);
    ASSERT_TRUE(Writable()) << Writable().error().message;
    EXPECT_EQ(Follow(Export(kEvents, 2, 5, 6)), AdvanceOutcome::kWritten);
    EXPECT_EQ(HourOf(kEvents), 6);
  }

 private:
  static std::shared_ptr<arrow::Array> Value(const std::shared_ptr<arrow::DataType>& type,
                                             int64_t value) {
    const auto number = std::make_shared<arrow::Int64Scalar>(value);
    return arrow::MakeArrayFromScalar(*number->CastTo(type).ValueOrDie(), 1).ValueOrDie();
  }

  delta::AddFile WriteRow(const delta::TableSchema& schema, const std::string& name) {
    const auto stored = delta::ToArrow(delta::WithoutVoid(schema)).value();
    arrow::StringBuilder names;
    EXPECT_TRUE(names.Append(name).ok());
    arrow::ArrayVector columns = {names.Finish().ValueOrDie(),
                                  Value(stored->field(1)->type(), kHour)};
    for (int i = 2; i < stored->num_fields(); ++i) {
      const auto& type = stored->field(i)->type();
      columns.push_back(type->id() == arrow::Type::INT32
                            ? Value(type, 7)
                            : arrow::MakeArrayOfNull(type, 1).ValueOrDie());
    }
    auto add = delta::WriteDataFile(*store, *entropy, *arrow::Table::Make(stored, columns), {}, {},
                                    kStart);
    EXPECT_TRUE(add) << add.error().message;
    return std::move(add).value_or(delta::AddFile());
  }
};

TEST_F(StateWritableTest, AMissingTableIsWell) { EXPECT_TRUE(Writable()); }

TEST_F(StateWritableTest, TypesThatARewriteCannotKeepAreRefusedByName) {
  const delta::DataType no_value = Plain(delta::TypeId::kVoid);
  delta::DataType interval = Plain(delta::TypeId::kUnknown);
  interval.unknown = R"("interval day to second")";
  const std::pair<delta::DataType, std::string> kTypes[] = {
      {interval, "interval day to second"},
      {Nested(delta::TypeId::kStruct, {}), "struct<>"},
      {Nested(delta::TypeId::kArray, {Column("element", no_value)}), "array<void>"},
      {Nested(delta::TypeId::kMap,
              {Column("key", Plain(delta::TypeId::kString), false), Column("value", no_value)}),
       "map<string,void>"}};
  for (const auto& [type, spelled] : kTypes) {
    Use(testing::MakeMemoryStore());
    Create(With(Column("extra", type)));
    ExpectRefused({"'extra' of type " + spelled}, "DROP COLUMNS (extra)");
  }
}

TEST_F(StateWritableTest, ColumnsThatCannotBeKeptDoNotStopLooking) {
  Create(With(Column("extra", Nested(delta::TypeId::kStruct, {}))));
  EXPECT_TRUE(Read().exists);
}

TEST_F(StateWritableTest, VoidColumnsStayAndAreInNoFile) {
  Create(With(Column("nothing", Plain(delta::TypeId::kVoid))), {kEvents, kClicks});
  ExpectKept(1);
  EXPECT_EQ(HourOf(kClicks), 1);
  EXPECT_EQ(Snapshot().metadata.schema.fields.back().type.id, delta::TypeId::kVoid);
}

TEST_F(StateWritableTest, NotNullColumnsAreRefusedForARowThatIsNew) {
  const auto schema = With(Column("owner", Plain(delta::TypeId::kInteger), false));
  Create(schema, {kClicks});
  ExpectRefused({"'owner' is NOT NULL", kEvents}, "insert a row for " + kEvents);
}

TEST_F(StateWritableTest, NotNullColumnsOfARowThatIsThereStay) {
  Create(With(Column("owner", Plain(delta::TypeId::kInteger), false)), {kEvents, kClicks});
  ExpectKept(1);
}

TEST_F(StateWritableTest, AStructIsNullThoughItsFieldMayNotBe) {
  const auto fields =
      Nested(delta::TypeId::kStruct, {Column("a", Plain(delta::TypeId::kLong), false)});
  Create(With(Column("s", fields)));
  ExpectKept({});
}

TEST_F(StateWritableTest, APartitionByWhatExportsChangeIsRefused) {
  for (const char* column :
       {"last_exported_end_time", "last_exported_version", "last_run_timestamp"}) {
    Use(testing::MakeMemoryStore());
    Create(GuideSchema(), {}, {column});
    ExpectRefused({std::string("partitioned by ") + column}, "without this partition");
  }
}

TEST_F(StateWritableTest, RowsOfACharColumnAreFoundAndWrittenAsSparkDoes) {
  const std::string padding(40 - kEvents.size(), ' ');
  Create(WithNote("char(40)"), {kEvents + padding});
  EXPECT_EQ(HourOf(kEvents), 1);
  ExpectKept(1);
  EXPECT_EQ(Read().rows.size(), 1u);
  Follow(Export(kClicks, 1, {}, 3));
  EXPECT_EQ(HourOf(kClicks), 3);
  const std::string stats = Snapshot().files.at(0).action->stats;
  EXPECT_NE(stats.find(kEvents + padding + '"'), std::string::npos) << stats;
  EXPECT_NE(stats.find(kClicks + std::string(40 - kClicks.size(), ' ') + '"'), std::string::npos)
      << stats;
}

TEST_F(StateWritableTest, NamesThatDoNotFitAreRefused) {
  for (const char* type : {"char(5)", "varchar(5)"}) {
    Use(testing::MakeMemoryStore());
    Create(WithNote(type));
    ExpectRefused({type, kEvents}, "ALTER COLUMN source_table");
  }
}

TEST_F(StateWritableTest, TrailingBlanksCountInAVarcharColumn) {
  Create(WithNote("varchar(40)"), {kEvents + "  "});
  EXPECT_EQ(HourOf(kEvents), std::nullopt);
  ExpectKept({});
  EXPECT_EQ(Read().rows.size(), 2u);
}

TEST_F(StateWritableTest, AFileThatIsLostNamesTheTableAndWaysOut) {
  Follow(Export(kEvents, 1, {}, 5));
  const std::string file = Snapshot().files.at(0).path;
  ASSERT_TRUE(store->Delete(file));
  Use(store);
  const Status refused = Writable();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(refused.error().message.find("state table"), std::string::npos);
  EXPECT_NE(refused.error().message.find(file), std::string::npos);
  EXPECT_NE(refused.error().remedy.find("restore the file from a backup"), std::string::npos);
  EXPECT_NE(refused.error().remedy.find("sluice state set"), std::string::npos);
}

TEST_F(StateWritableTest, AShallowCloneIsRefusedAsAStateTable) {
  delta::Commit commit;
  commit.version = Version{0};
  commit.protocol = delta::Protocol();
  commit.metadata = delta::Metadata();
  commit.metadata->id = "test";
  commit.metadata->schema = GuideSchema();
  delta::AddFile add;
  add.path = "file:///lake/other/a.parquet";
  add.size = 1;
  commit.adds = {add};
  ASSERT_TRUE(delta::WriteCommit(*store, commit));
  const Status refused = Writable();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(refused.error().message.find("is a shallow clone"), std::string::npos);
  EXPECT_NE(refused.error().remedy.find("deep copy"), std::string::npos);
  EXPECT_EQ(refused.error().remedy.find("`path`"), std::string::npos);
}

}  // namespace
}  // namespace sluice::state
