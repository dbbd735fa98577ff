#include "sluice/delta/read/data_path.h"

namespace sluice::delta {

Result<DataFileAddress> ResolvePath(std::string_view path, const store::ObjectStore& table_store) {
  DataFileAddress address = AddressOf(path, table_store.DisplayName(""));
  if (address.relative && !store::ValidateKey(address.key_or_uri)) {
    return Fail(ErrorKind::kCorrupt, "path '{}' in the log is not a file of the table", path);
  }
  return address;
}

}  // namespace sluice::delta
