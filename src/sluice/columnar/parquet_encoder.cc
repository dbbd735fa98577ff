#include "sluice/columnar/parquet_encoder.h"

#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <utility>

#include "sluice/columnar/arrow_io.h"

namespace sluice::columnar {
namespace {

using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;

constexpr int kZstdLevel = 1;
/// Arrow's own, 9, takes ten times as long for 5 % less.
constexpr int kGzipLevel = 5;

arrow::Compression::type ToArrowCodec(Codec codec) {
  switch (codec) {
    case Codec::kNone:
      return arrow::Compression::UNCOMPRESSED;
    case Codec::kSnappy:
      return arrow::Compression::SNAPPY;
    case Codec::kGzip:
      return arrow::Compression::GZIP;
    case Codec::kLz4:
      return arrow::Compression::LZ4;  // LZ4_RAW in the file
    case Codec::kZstd:
      return arrow::Compression::ZSTD;
  }
  return arrow::Compression::ZSTD;
}

bool IsInstant(const parquet::schema::Node& node) {
  const auto& logical = node.logical_type();
  return logical && logical->is_timestamp() &&
         static_cast<const parquet::TimestampLogicalType&>(*logical).is_adjusted_to_utc();
}

/// The same tree with INT96 in place of INT64 instants. Arrow's own switch for INT96 would change
/// local timestamps, too, which Spark never writes that way.
NodePtr WithInt96(const NodePtr& node) {
  if (node->is_primitive()) {
    if (!IsInstant(*node)) return node;
    return PrimitiveNode::Make(node->name(), node->repetition(), parquet::Type::INT96,
                               parquet::ConvertedType::NONE, -1, -1, -1, node->field_id());
  }
  const auto& group = static_cast<const GroupNode&>(*node);
  parquet::schema::NodeVector fields;
  for (int i = 0; i < group.field_count(); ++i) fields.push_back(WithInt96(group.field(i)));
  if (group.logical_type() && !group.logical_type()->is_none()) {
    return GroupNode::Make(group.name(), group.repetition(), fields, group.logical_type(),
                           group.field_id());
  }
  return GroupNode::Make(group.name(), group.repetition(), fields, group.converted_type(),
                         group.field_id());
}

std::shared_ptr<parquet::WriterProperties> MakeProperties(const EncoderOptions& options) {
  parquet::WriterProperties::Builder builder;
  builder.created_by("sluice " SLUICE_VERSION)
      ->version(parquet::ParquetVersion::PARQUET_2_6)
      ->data_page_version(parquet::ParquetDataPageVersion::V1)
      ->compression(ToArrowCodec(options.codec))
      ->max_row_group_length(options.row_group_rows)
      ->dictionary_pagesize_limit(options.dictionary_bytes)
      ->enable_store_decimal_as_integer()
      ->enable_write_page_index();
  if (options.codec == Codec::kZstd) builder.compression_level(kZstdLevel);
  if (options.codec == Codec::kGzip) builder.compression_level(kGzipLevel);
  return builder.build();
}

class Encoder : public ParquetEncoder {
 public:
  Encoder(std::shared_ptr<arrow::io::OutputStream> sink,
          std::unique_ptr<parquet::arrow::FileWriter> writer, int64_t row_group_rows)
      : sink_(std::move(sink)), writer_(std::move(writer)), row_group_rows_(row_group_rows) {}

  Status WriteRowGroups(const arrow::Table& table) override {
    return Guarded([&]() -> Status {
      SLUICE_ARROW_RETURN(writer_->WriteTable(table, row_group_rows_), "encoding Parquet");
      rows_ += table.num_rows();
      return {};
    });
  }
  int64_t rows() const override { return rows_; }
  int64_t bytes() const override { return sink_->Tell().ValueOr(0); }
  Status Close() override {
    return Guarded([&]() -> Status {
      SLUICE_ARROW_RETURN(writer_->Close(), "encoding Parquet");
      return {};
    });
  }

 private:
  template <typename Work>
  Status Guarded(const Work& work) {
    try {
      return work();
    } catch (const parquet::ParquetStatusException& e) {
      return Fail(FromArrow(e.status(), "encoding Parquet"));
    } catch (const std::exception& e) {
      return Fail(ErrorKind::kInternal, "encoding Parquet: {}", e.what());
    }
  }

  const std::shared_ptr<arrow::io::OutputStream> sink_;
  const std::unique_ptr<parquet::arrow::FileWriter> writer_;
  const int64_t row_group_rows_;
  int64_t rows_ = 0;
};

Status CheckType(const arrow::DataType& type, const std::string& column) {
  const auto refuse = [&](std::string_view why) {
    return Fail(
        Error{ErrorKind::kUnsupported,
              fmt::format("column '{}' has type {}, {}", column, type.ToString(), why),
              fmt::format("leave it out: exclude: [{}]", column.substr(0, column.find('.')))});
  };
  switch (type.id()) {
    case arrow::Type::NA:
      return refuse("which Parquet can't hold");
    case arrow::Type::STRUCT:
      if (type.num_fields() == 0)
        return refuse("a struct without fields, which Parquet can't hold");
      break;
    default:
      break;
  }
  for (const auto& field : type.fields()) {
    SLUICE_RETURN_IF_ERROR(CheckType(*field->type(), column + "." + field->name()));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ParquetEncoder>> ParquetEncoder::Open(store::UploadWriter* upload,
                                                             std::shared_ptr<arrow::Schema> schema,
                                                             const EncoderOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckEncodable(*schema));
  const auto bare = schema->WithMetadata(nullptr);
  const auto properties = MakeProperties(options);
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder()
                                    .enable_compliant_nested_types()
                                    ->set_use_threads(false)
                                    ->build();
  try {
    std::shared_ptr<parquet::SchemaDescriptor> descriptor;
    SLUICE_ARROW_RETURN(
        parquet::arrow::ToParquetSchema(bare.get(), *properties, *arrow_properties, &descriptor),
        "schema");
    NodePtr root = descriptor->schema_root();
    if (options.int96_timestamps) root = WithInt96(root);
    auto sink = MakeOutputStream(upload);
    auto file = parquet::ParquetFileWriter::Open(sink, std::static_pointer_cast<GroupNode>(root),
                                                 properties);
    std::unique_ptr<parquet::arrow::FileWriter> writer;
    SLUICE_ARROW_RETURN(
        parquet::arrow::FileWriter::Make(arrow::default_memory_pool(), std::move(file), bare,
                                         arrow_properties, &writer),
        "encoding Parquet");
    return std::make_unique<Encoder>(std::move(sink), std::move(writer), options.row_group_rows);
  } catch (const parquet::ParquetStatusException& e) {
    return Fail(FromArrow(e.status(), "encoding Parquet"));
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kInternal, "encoding Parquet: {}", e.what());
  }
}

Status CheckEncodable(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    SLUICE_RETURN_IF_ERROR(CheckType(*field->type(), field->name()));
  }
  return {};
}

}  // namespace sluice::columnar
