#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sluice/base/time_zone.h"
#include "sluice/delta/data_file.h"
#include "sluice/delta/snapshot.h"
#include "sluice/store/local_store.h"
#include "sluice/testing/matchers.h"

/// The tables in tests/fixtures, which real Spark wrote, read as Spark reads them.
namespace sluice::delta {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AnyOf;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

const fs::path kFixtures = fs::path(SLUICE_SOURCE_DIR) / "tests" / "fixtures";

Log OpenFixture(const std::string& name) {
  return Log(store::OpenLocalStore((fs::canonical(kFixtures) / name / "table").string()));
}

// Floating point numbers are compared by their bits, not by how somebody spelled them.
std::string Bits(double value) { return fmt::format("{:a}", value); }

json Expected(const json& value, const DataType& type) {
  if (value.is_null()) return value;
  json out;
  switch (type.id) {
    case TypeId::kFloat:
    case TypeId::kDouble:
      return Bits(std::stod(value.get<std::string>()));
    case TypeId::kStruct:
      for (const Field& field : type.fields) {
        out[field.name] = Expected(value.at(field.name), field.type);
      }
      return out;
    case TypeId::kArray:
      out = json::array();
      for (const json& entry : value) out.push_back(Expected(entry, type.fields[0].type));
      return out;
    case TypeId::kMap:
      out = json::array();
      for (const json& entry : value) {
        out.push_back(
            {Expected(entry[0], type.fields[0].type), Expected(entry[1], type.fields[1].type)});
      }
      return out;
    default:
      return value;
  }
}

std::string TimestampText(int64_t micros, bool utc) {
  const CivilTime t = TimeZone::Utc().ToCivil(Timestamp{micros});
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}{}", t.year, t.month, t.day, t.hour,
                     t.minute, t.second, t.micros, utc ? "Z" : "");
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return text;
}

// With all its digits, never with an exponent.
std::string DecimalText(const arrow::Decimal128Array& array, int64_t row) {
  const auto scale =
      static_cast<size_t>(static_cast<const arrow::DecimalType&>(*array.type()).scale());
  std::string digits = arrow::Decimal128(array.GetValue(row)).ToIntegerString();
  const std::string sign = digits.starts_with('-') ? "-" : "";
  digits.erase(0, sign.size());
  if (scale == 0) return sign + digits;
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  return sign + digits.insert(digits.size() - scale, ".");
}

json Actual(const arrow::Array& array, int64_t row);

json ActualList(const arrow::ListArray& lists, int64_t row) {
  json out = json::array();
  for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
    out.push_back(Actual(*lists.values(), i));
  }
  return out;
}

json ActualMap(const arrow::MapArray& maps, int64_t row) {
  json out = json::array();
  for (int64_t i = maps.value_offset(row); i < maps.value_offset(row + 1); ++i) {
    out.push_back({Actual(*maps.keys(), i), Actual(*maps.items(), i)});
  }
  return out;
}

json ActualStruct(const arrow::StructArray& structs, int64_t row) {
  json out;
  for (int i = 0; i < structs.num_fields(); ++i) {
    out[structs.struct_type()->field(i)->name()] = Actual(*structs.field(i), row);
  }
  return out;
}

json Actual(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row);
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Array&>(array).Value(row);
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Array&>(array).Value(row);
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(array).Value(row);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(array).Value(row);
    case arrow::Type::FLOAT:
      return Bits(static_cast<const arrow::FloatArray&>(array).Value(row));
    case arrow::Type::DOUBLE:
      return Bits(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::DECIMAL128:
      return DecimalText(static_cast<const arrow::Decimal128Array&>(array), row);
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::BINARY:
      return Hex(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    case arrow::Type::DATE32: {
      const CivilTime t = CivilFromDays(static_cast<const arrow::Date32Array&>(array).Value(row));
      return fmt::format("{:04}-{:02}-{:02}", t.year, t.month, t.day);
    }
    case arrow::Type::TIMESTAMP:
      return TimestampText(
          static_cast<const arrow::TimestampArray&>(array).Value(row),
          !static_cast<const arrow::TimestampType&>(*array.type()).timezone().empty());
    case arrow::Type::LIST:
      return ActualList(static_cast<const arrow::ListArray&>(array), row);
    case arrow::Type::MAP:
      return ActualMap(static_cast<const arrow::MapArray&>(array), row);
    case arrow::Type::STRUCT:
      return ActualStruct(static_cast<const arrow::StructArray&>(array), row);
    default:
      return "unexpected type " + array.type()->ToString();
  }
}

std::vector<std::string> ExpectedRows(const fs::path& file, const TableSchema& schema) {
  std::vector<std::string> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const json row = json::parse(line);
    json out;
    for (const Field& field : schema.fields) {
      out[field.name] = Expected(row.at(field.name), field.type);
    }
    rows.push_back(out.dump());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

Result<std::vector<std::string>> ActualRows(const std::shared_ptr<store::ObjectStore>& store,
                                            const Snapshot& snapshot) {
  const Projection projection{snapshot.metadata.schema.fields, snapshot.metadata.partition_columns};
  std::vector<std::string> rows;
  for (const LiveFile& file : snapshot.files) {
    SLUICE_ASSIGN_OR_RETURN(const auto data, DataFile::Open(store, file.path, file.partition_values,
                                                            file.deletion_vector, projection));
    for (int i = 0; i < data->num_row_groups(); ++i) {
      // Two rows a batch, so that masks and projections meet every offset.
      SLUICE_RETURN_IF_ERROR(data->ReadRowGroup(i, 2, [&](const auto& batch) -> Status {
        for (int64_t row = 0; row < batch->num_rows(); ++row) {
          json out;
          for (int c = 0; c < batch->num_columns(); ++c) {
            out[batch->column_name(c)] = Actual(*batch->column(c), row);
          }
          rows.push_back(out.dump());
        }
        return {};
      }));
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

class FixtureTest : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> ReadableFixtures() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFixtures)) {
    const std::string name = entry.path().filename().string();
    if (fs::is_directory(entry.path() / "table") && !name.starts_with("refused_")) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST_P(FixtureTest, EveryVersionHasTheRowsThatSparkReads) {
  const std::string table = (fs::canonical(kFixtures) / GetParam() / "table").string();
  const auto store = store::OpenLocalStore(table);
  int versions = 0;
  for (const auto& entry : fs::directory_iterator(kFixtures / GetParam())) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("rows-v")) continue;
    SnapshotOptions options;
    options.at = Version{std::stoll(name.substr(6))};
    const auto snapshot = LoadSnapshot(Log(store), options);
    ASSERT_THAT(snapshot, IsOk()) << name;
    const auto rows = ActualRows(store, *snapshot);
    ASSERT_THAT(rows, IsOk()) << name;
    EXPECT_EQ(*rows, ExpectedRows(entry.path(), snapshot->metadata.schema)) << name;
    ++versions;
  }
  EXPECT_GT(versions, 0);
}

INSTANTIATE_TEST_SUITE_P(All, FixtureTest, ::testing::ValuesIn(ReadableFixtures()),
                         [](const auto& info) { return info.param; });

TEST(Fixtures, RefusedOnesAreRefusedByTheNameOfTheirFeature) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"refused_column_mapping", "columnMapping"},
      {"refused_type_widening", "typeWidening"},
      {"refused_v2_checkpoint", "v2Checkpoint"}};
  for (const auto& [name, feature] : kRefused) {
    const auto snapshot = LoadSnapshot(OpenFixture(name), {});
    EXPECT_THAT(snapshot, IsError(ErrorKind::kUnsupported));
    EXPECT_THAT(snapshot, HasMessage(feature));
  }
}

TEST(Fixtures, CheckpointsAreUsedWhereTheyAre) {
  EXPECT_TRUE(LoadSnapshot(OpenFixture("checkpoint_classic"), {})->checkpoint);
  EXPECT_TRUE(LoadSnapshot(OpenFixture("checkpoint_multipart"), {})->checkpoint);
  EXPECT_TRUE(LoadSnapshot(OpenFixture("checkpoint_only"), {})->checkpoint);
}

TEST(Fixtures, VersionsThatWereCleanedUpAreGoneAndTheFirstReadableIsNamed) {
  SnapshotOptions options;
  options.at = Version{1};
  const auto snapshot = LoadSnapshot(OpenFixture("checkpoint_only"), options);
  EXPECT_THAT(snapshot, IsError(ErrorKind::kSourceGone));
}

// What planning sees of each file: its bounds hold every value of the column that Spark wrote.
TEST_P(FixtureTest, BoundsOfFilesHoldTheirRows) {
  const auto store =
      store::OpenLocalStore((fs::canonical(kFixtures) / GetParam() / "table").string());
  SnapshotOptions options;
  options.stats_columns = {"EVENT_TIMESTAMP"};
  const auto snapshot = LoadSnapshot(Log(store), options);
  ASSERT_THAT(snapshot, IsOk());
  const Field* const column = snapshot->metadata.schema.Find("event_timestamp");
  if (column == nullptr || column->type.id != TypeId::kTimestamp) return;
  const Projection projection{{*column}, snapshot->metadata.partition_columns};
  for (const LiveFile& file : snapshot->files) {
    EXPECT_TRUE(file.stats.num_records) << file.path;
    const ColumnStatistics& stats = file.stats.columns.at(0);
    const auto data =
        DataFile::Open(store, file.path, file.partition_values, file.deletion_vector, projection);
    ASSERT_THAT(data, IsOk());
    EXPECT_EQ((*data)->num_rows(), file.stats.num_records);
    const auto visit = [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
      const auto& values = static_cast<const arrow::TimestampArray&>(*batch->column(0));
      for (int64_t row = 0; row < values.length(); ++row) {
        if (values.IsNull(row)) {
          EXPECT_NE(stats.null_count, 0);
          continue;
        }
        EXPECT_LE(std::get<int64_t>(stats.min), values.Value(row));
        EXPECT_GE(std::get<int64_t>(stats.max), values.Value(row));
      }
      return {};
    };
    for (int i = 0; i < (*data)->num_row_groups(); ++i) {
      EXPECT_THAT((*data)->ReadRowGroup(i, 1000, visit), IsOk());
    }
  }
}

TEST(Fixtures, Int96IsToldFromOtherTimestamps) {
  for (const char* name : {"int96", "plain"}) {
    const Log log = OpenFixture(name);
    const auto snapshot = LoadSnapshot(log, {});
    ASSERT_THAT(snapshot, IsOk());
    const auto store = store::OpenLocalStore((fs::canonical(kFixtures) / name / "table").string());
    const auto data = DataFile::Open(store, snapshot->files.at(0).path, {}, std::nullopt,
                                     Projection{snapshot->metadata.schema.fields, {}});
    ASSERT_THAT(data, IsOk());
    EXPECT_EQ((*data)->has_int96(), std::string(name) == "int96");
  }
}

}  // namespace
}  // namespace sluice::delta
