#include "core/name_store.h"

#include <cstring>

namespace xattr_cache {

NameStore::Handle NameStore::Add(std::string_view name) {
  const size_t units = UnitsFor(name.size());
  Handle handle = free_[units];
  if (handle != kNone) {
    std::memcpy(&free_[units], At(handle), sizeof(Handle));
    free_units_ -= units;
  } else {
    if (next_unit_ + units > kBlockUnits) {
      if (next_unit_ < kBlockUnits) {
        Release(static_cast<Handle>((blocks_.size() - 1) * kBlockUnits + next_unit_), kBlockUnits - next_unit_);
      }
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockUnits * kUnit));
      next_unit_ = 0;
    }
    handle = static_cast<Handle>((blocks_.size() - 1) * kBlockUnits + next_unit_);
    next_unit_ += units;
  }
  used_units_ += units;
  name.copy(At(handle), name.size());
  At(handle)[name.size()] = '\0';
  return handle;
}

void NameStore::Remove(Handle handle) {
  const size_t units = UnitsFor(std::strlen(Get(handle)));
  used_units_ -= units;
  Release(handle, units);
}

void NameStore::Release(Handle handle, size_t units) {
  std::memcpy(At(handle), &free_[units], sizeof(Handle));
  free_[units] = handle;
  free_units_ += units;
}

}  // namespace xattr_cache
