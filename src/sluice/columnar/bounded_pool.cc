#include "sluice/columnar/bounded_pool.h"

namespace sluice::columnar {

void BoundedPool::Mark() {
  marked_ = held_.load();
  refused_ = false;
}

arrow::Status BoundedPool::RequireRoom(int64_t more) {
  if (more <= most_ - (held_ - marked_)) return arrow::Status::OK();
  refused_ = true;
  return arrow::Status::OutOfMemory("decodes to more than ", most_, " bytes at one time");
}

arrow::Status BoundedPool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  ARROW_RETURN_NOT_OK(RequireRoom(size));
  ARROW_RETURN_NOT_OK(below_.Allocate(size, alignment, out));
  held_ += size;
  ++users_;
  return arrow::Status::OK();
}

arrow::Status BoundedPool::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                                      uint8_t** ptr) {
  ARROW_RETURN_NOT_OK(RequireRoom(new_size - old_size));
  ARROW_RETURN_NOT_OK(below_.Reallocate(old_size, new_size, alignment, ptr));
  held_ += new_size - old_size;
  return arrow::Status::OK();
}

void BoundedPool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  below_.Free(buffer, size, alignment);
  held_ -= size;
  Drop();
}

void BoundedPool::Drop() {
  if (--users_ == 0) delete this;
}

}  // namespace sluice::columnar
