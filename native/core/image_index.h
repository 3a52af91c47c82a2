// The images of a cache in memory: by name, and in the order of their eviction.
//
// An image takes 36 bytes and its name, rounded up to four: 52 bytes for a name of 15, 76 for one of 36, 104 for one of
// 64.  Half of the names more can be free space.  It does not grow with the number of changes.  A change takes O(log
// n).

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/block_vector.h"
#include "core/eviction_key.h"
#include "core/name_store.h"

namespace xattr_cache {

// For one thread.
class ImageIndex {
 public:
  struct Image {
    const char* name;  // NUL-terminated; valid until the next change of the index
    EvictionKey key;
  };

  // Adds an image, or changes its key.  One that was set aside stays aside.
  void Put(std::string_view name, const EvictionKey& key);

  // Returns false if there is none.
  bool Erase(std::string_view name);

  // The first in the order of eviction, of those that are not set aside.
  std::optional<Image> Coldest() const;

  // Leaves an image out of the order until BringBack.
  void SetAside(std::string_view name);
  void BringBack();

  // The i-th of images(), in no order.  An erasure changes none before the erased one.
  Image At(uint32_t i) const { return {NameOf(i), entries_[i].Key()}; }

  uint32_t images() const { return entries_.size(); }
  // The sum of the images' sizes, in bytes.
  uint64_t size() const { return size_; }
  // In bytes.
  size_t memory() const { return entries_.memory() + heap_.memory() + buckets_.memory() + names_.memory(); }

 private:
  // The number of an entry; entries are numbered without gaps.
  using Number = uint32_t;
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Entry {
    std::array<uint32_t, 4> key;  // an EvictionKey, without its alignment to 8 bytes
    NameStore::Handle name;
    uint32_t place;  // in the heap, or kNone
    Number next;     // in its bucket, or kNone

    EvictionKey Key() const { return std::bit_cast<EvictionKey>(key); }
  };

  const char* NameOf(Number number) const { return names_.Get(entries_[number].name); }

  // The table of names: linear hashing with one bucket for each entry, so that it grows by one without a pause.
  uint32_t BucketOf(std::string_view name) const;
  Number Find(std::string_view name) const;
  void AddBucket();
  void RemoveBucket();
  // The link that leads to an entry of a bucket.
  Number& LinkTo(Number number);

  // The order: a heap of four children, the coldest on top.
  bool IsColder(Number a, Number b) const;
  void Place(uint32_t place, Number number);
  void MoveUp(uint32_t place, Number number);
  void MoveDown(uint32_t place, Number number);
  // Puts an entry where it belongs, from a place that is free or its own.
  void Sift(uint32_t place, Number number);
  void AddToHeap(Number number);
  void RemoveFromHeap(Number number);

  // Gives the last entry the number of one that is erased.
  void FillGap(Number gap);
  void CompactNames();

  BlockVector<Entry> entries_;
  BlockVector<Number> heap_;
  BlockVector<Number> buckets_;  // the first entry of each, or kNone
  NameStore names_;
  std::vector<std::string> aside_;  // Names that may be in the index no more.
  uint64_t size_ = 0;
};

}  // namespace xattr_cache
