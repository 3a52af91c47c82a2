#include "core/image_index.h"

#include <algorithm>
#include <functional>

namespace xattr_cache {

namespace {

constexpr uint32_t kChildren = 4;

uint32_t ParentOf(uint32_t place) {
  return (place - 1) / kChildren;
}

}  // namespace

void ImageIndex::Put(std::string_view name, const EvictionKey& key) {
  const auto packed = std::bit_cast<std::array<uint32_t, 4>>(key);
  Number number = Find(name);
  if (number != kNone) {
    Entry& entry = entries_[number];
    size_ += key.size - entry.Key().size;  // Modulo 2^64.
    entry.key = packed;
    if (entry.place != kNone) Sift(entry.place, number);
    return;
  }
  number = entries_.size();
  AddBucket();
  Number& bucket = buckets_[BucketOf(name)];
  entries_.PushBack({packed, names_.Add(name), kNone, bucket});
  bucket = number;
  size_ += key.size;
  AddToHeap(number);
}

bool ImageIndex::Erase(std::string_view name) {
  const Number number = Find(name);
  if (number == kNone) return false;
  const Entry entry = entries_[number];
  if (entry.place != kNone) RemoveFromHeap(number);
  size_ -= entry.Key().size;
  LinkTo(number) = entry.next;
  FillGap(number);
  names_.Remove(entry.name);
  RemoveBucket();
  if (names_.wasteful()) CompactNames();
  return true;
}

std::optional<ImageIndex::Image> ImageIndex::Coldest() const {
  if (heap_.size() == 0) return std::nullopt;
  return At(heap_[0]);
}

void ImageIndex::SetAside(std::string_view name) {
  const Number number = Find(name);
  if (number == kNone || entries_[number].place == kNone) return;
  RemoveFromHeap(number);
  aside_.emplace_back(name);
}

void ImageIndex::BringBack() {
  for (const std::string& name : aside_) {
    const Number number = Find(name);
    if (number != kNone && entries_[number].place == kNone) AddToHeap(number);
  }
  aside_.clear();
}

uint32_t ImageIndex::BucketOf(std::string_view name) const {
  const auto hash = static_cast<uint32_t>(std::hash<std::string_view>()(name));
  const uint32_t mask = std::bit_ceil(buckets_.size()) - 1;
  const uint32_t bucket = hash & mask;
  return bucket < buckets_.size() ? bucket : bucket & (mask >> 1);
}

ImageIndex::Number ImageIndex::Find(std::string_view name) const {
  if (buckets_.size() == 0) return kNone;
  Number number = buckets_[BucketOf(name)];
  while (number != kNone && NameOf(number) != name) number = entries_[number].next;
  return number;
}

// Splits the bucket that names of the new one are in.
void ImageIndex::AddBucket() {
  const uint32_t added = buckets_.size();
  buckets_.PushBack(kNone);
  if (added == 0) return;
  const uint32_t split = added - std::bit_floor(added);
  Number number = buckets_[split];
  buckets_[split] = kNone;
  while (number != kNone) {
    Number& bucket = buckets_[BucketOf(NameOf(number))];
    const Number next = entries_[number].next;
    entries_[number].next = bucket;
    bucket = number;
    number = next;
  }
}

void ImageIndex::RemoveBucket() {
  const uint32_t removed = buckets_.size() - 1;
  Number number = buckets_[removed];
  buckets_.PopBack();
  while (number != kNone) {
    Number& bucket = buckets_[removed - std::bit_floor(removed)];
    const Number next = entries_[number].next;
    entries_[number].next = bucket;
    bucket = number;
    number = next;
  }
}

ImageIndex::Number& ImageIndex::LinkTo(Number number) {
  Number* link = &buckets_[BucketOf(NameOf(number))];
  while (*link != number) link = &entries_[*link].next;
  return *link;
}

bool ImageIndex::IsColder(Number a, Number b) const {
  const EvictionKey key_a = entries_[a].Key();
  const EvictionKey key_b = entries_[b].Key();
  if (key_a != key_b) return key_a < key_b;
  return EvictionOrder{key_a, NameOf(a)} < EvictionOrder{key_b, NameOf(b)};
}

void ImageIndex::Place(uint32_t place, Number number) {
  heap_[place] = number;
  entries_[number].place = place;
}

void ImageIndex::MoveUp(uint32_t place, Number number) {
  while (place > 0 && IsColder(number, heap_[ParentOf(place)])) {
    Place(place, heap_[ParentOf(place)]);
    place = ParentOf(place);
  }
  Place(place, number);
}

void ImageIndex::MoveDown(uint32_t place, Number number) {
  while (true) {
    const uint32_t first = place * kChildren + 1;
    if (first >= heap_.size()) break;
    uint32_t coldest = first;
    for (uint32_t child = first + 1; child < std::min(first + kChildren, heap_.size()); child++) {
      if (IsColder(heap_[child], heap_[coldest])) coldest = child;
    }
    if (!IsColder(heap_[coldest], number)) break;
    Place(place, heap_[coldest]);
    place = coldest;
  }
  Place(place, number);
}

void ImageIndex::Sift(uint32_t place, Number number) {
  if (place > 0 && IsColder(number, heap_[ParentOf(place)])) return MoveUp(place, number);
  MoveDown(place, number);
}

void ImageIndex::AddToHeap(Number number) {
  heap_.PushBack(number);
  MoveUp(heap_.size() - 1, number);
}

void ImageIndex::RemoveFromHeap(Number number) {
  const uint32_t place = entries_[number].place;
  const Number last = heap_[heap_.size() - 1];
  heap_.PopBack();
  entries_[number].place = kNone;
  if (last != number) Sift(place, last);
}

void ImageIndex::FillGap(Number gap) {
  const Number last = entries_.size() - 1;
  if (gap != last) {
    LinkTo(last) = gap;
    entries_[gap] = entries_[last];
    if (entries_[gap].place != kNone) heap_[entries_[gap].place] = gap;
  }
  entries_.PopBack();
}

void ImageIndex::CompactNames() {
  NameStore compact;
  for (Number i = 0; i < entries_.size(); i++) entries_[i].name = compact.Add(NameOf(i));
  names_ = std::move(compact);
}

}  // namespace xattr_cache
