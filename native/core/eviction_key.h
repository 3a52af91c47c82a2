// The order in which images are evicted.  The policy is here alone.

#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace xattr_cache {

// The part of the order that is not the name.
struct EvictionKey {
  int64_t recency_ns;
  uint64_t size;

  auto operator<=>(const EvictionKey&) const = default;
};

// The least recently accessed image first, then the smaller, then by name, as in Glance.
struct EvictionOrder {
  EvictionKey key;
  std::string_view name;

  auto operator<=>(const EvictionOrder&) const = default;
};

}  // namespace xattr_cache
