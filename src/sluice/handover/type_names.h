#pragma once

#include <string>

#include "sluice/delta/schema/schema.h"

/// What an exported type is called on the partner's side. Pure.
namespace sluice::handover {

/// Parquet as this program writes it: the physical type, and the logical one in brackets. `int96`: instants are
/// written as INT96 (`timestamps: source`).
std::string ParquetType(const delta::DataType& type, bool int96);
std::string SparkType(const delta::DataType& type);
/// Of a table loaded from Parquet with list inference (`enable_list_inference`).
std::string BigQueryType(const delta::DataType& type);
std::string SnowflakeType(const delta::DataType& type);

}  // namespace sluice::handover
