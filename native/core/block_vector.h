// A vector in blocks of a fixed length: it grows without a copy and without unused memory beyond one block, and
// shrinks.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace xattr_cache {

// For trivial types.
template <typename T>
class BlockVector {
 public:
  uint32_t size() const { return size_; }
  T& operator[](uint32_t i) { return blocks_[i / kBlock][i % kBlock]; }
  const T& operator[](uint32_t i) const { return blocks_[i / kBlock][i % kBlock]; }

  void PushBack(T value) {
    if (size_ == blocks_.size() * kBlock) blocks_.push_back(std::make_unique_for_overwrite<T[]>(kBlock));
    (*this)[size_++] = value;
  }

  // REQUIRES: size() > 0
  void PopBack() {
    size_--;
    // One block is kept, so that a size that goes up and down by one costs nothing.
    if (size_ + 2 * kBlock <= blocks_.size() * kBlock) blocks_.pop_back();
  }

  // In bytes.
  size_t memory() const { return blocks_.size() * kBlock * sizeof(T) + blocks_.capacity() * sizeof(blocks_[0]); }

 private:
  static constexpr size_t kBlock = 4096;

  std::vector<std::unique_ptr<T[]>> blocks_;
  uint32_t size_ = 0;
};

}  // namespace xattr_cache
