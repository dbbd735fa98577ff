#include "sluice/columnar/decoded_size.h"

#include <arrow/memory_pool.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>
#include <parquet/size_statistics.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace sluice::columnar {
namespace {

constexpr double kOffsetBytes = 4;  // of a text or list, for each value
constexpr int64_t kDictionaryBufferBytes = int64_t{64} << 10;

// Lengths of the texts in a dictionary.
struct TextLengths {
  double mean = 0, most = 0;
};

double FixedWidth(const parquet::ColumnDescriptor& leaf) {
  switch (leaf.physical_type()) {
    case parquet::Type::BOOLEAN:
      return 0.125;
    case parquet::Type::INT32:
    case parquet::Type::FLOAT:
      return 4;
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return leaf.type_length();
    default:
      return 8;
  }
}

bool SharesBeginnings(const parquet::ColumnChunkMetaData& chunk) {
  const auto& encodings = chunk.encodings();
  return std::find(encodings.begin(), encodings.end(), parquet::Encoding::DELTA_BYTE_ARRAY) !=
         encodings.end();
}

TextLengths MeasureEntries(const parquet::DictionaryPage& page) {
  const uint8_t* data = page.data();
  int64_t left = page.size(), count = 0;
  TextLengths lengths;
  while (left >= static_cast<int64_t>(sizeof(uint32_t))) {
    uint32_t length = 0;
    std::memcpy(&length, data, sizeof length);
    left -= static_cast<int64_t>(sizeof length);
    if (length > left) break;
    data += sizeof length + length;
    left -= length;
    ++count;
    lengths.mean += length;
    lengths.most = std::max<double>(lengths.most, length);
  }
  if (count > 0) lengths.mean /= static_cast<double>(count);
  return lengths;
}

std::optional<TextLengths> ReadDictionary(const ParquetFile& file, int row_group, int leaf,
                                          int64_t most_bytes) {
  const BoundedPool::Handle pool = MakeDecodingPool(file, most_bytes);
  parquet::ReaderProperties properties(pool.get());
  properties.enable_buffered_stream();
  properties.set_buffer_size(kDictionaryBufferBytes);
  const auto reader = parquet::ParquetFileReader::Open(file.bytes, properties, file.metadata);
  const auto group = reader->RowGroup(row_group);
  const auto pages = group->GetColumnPageReader(leaf);
  std::shared_ptr<parquet::Page> page;
  try {
    page = pages->NextPage();
  } catch (const parquet::ParquetStatusException&) {
    if (!pool->refused()) throw;  // else reading meets the same, and says so
  }
  if (page == nullptr || page->type() != parquet::PageType::DICTIONARY_PAGE) return std::nullopt;
  return MeasureEntries(static_cast<const parquet::DictionaryPage&>(*page));
}

}  // namespace

DecodedSize EstimateDecodedSize(const ParquetFile& file, int row_group,
                                const std::vector<int>& leaves, const BatchLimit& limit) {
  const auto small_bytes = static_cast<double>(limit.wanted_bytes);
  const auto group = file.metadata->RowGroup(row_group);
  const auto rows = static_cast<double>(std::max<int64_t>(group->num_rows(), 1));
  DecodedSize size;
  for (const int leaf : leaves) {
    const auto chunk = group->ColumnChunk(leaf);
    const parquet::ColumnDescriptor& descriptor = *file.metadata->schema()->Column(leaf);
    const double values = static_cast<double>(chunk->num_values()) / rows;
    if (descriptor.physical_type() != parquet::Type::BYTE_ARRAY) {
      size.mean += values * FixedWidth(descriptor);
      continue;
    }
    const auto plain = static_cast<double>(chunk->total_uncompressed_size());
    const auto statistics = chunk->size_statistics();
    std::optional<double> known;
    if (statistics && statistics->unencoded_byte_array_data_bytes) {
      known = static_cast<double>(*statistics->unencoded_byte_array_data_bytes);
    }
    size.is_guess = size.is_guess || (!known && SharesBeginnings(*chunk));
    size.mean += known.value_or(plain) / rows + values * kOffsetBytes;
    // A text is no longer than all of them.
    const double at_most = known.value_or(static_cast<double>(chunk->num_values()) * plain);
    if (!chunk->has_dictionary_page() || at_most <= small_bytes) continue;
    const auto texts = ReadDictionary(file, row_group, leaf, limit.most_bytes);
    if (!texts) continue;
    if (!known) size.mean += values * texts->mean;
    size.most += values * texts->most + plain / rows;
  }
  return size;
}

}  // namespace sluice::columnar
