#include "core/name_store.h"

#include <map>
#include <random>
#include <string>

#include "harness.h"

namespace xattr_cache {
namespace {

using Random = std::linear_congruential_engine<uint32_t, 48271, 0, 2147483647>;

// A name of `length` bytes, any but NUL, that ends in the digits of `number`.
std::string NameOf(size_t length, uint32_t number) {
  std::string name(length, '\xFF');
  for (size_t i = 0; i < length && i < 4; i++) name[length - 1 - i] = static_cast<char>(1 + (number >> (7 * i)) % 128);
  return name;
}

TEST("a name store – names of every length – keeps each") {
  NameStore store;
  std::map<NameStore::Handle, std::string> model;
  for (uint32_t i = 0; i < 3000; i++) {
    const std::string name = NameOf(1 + i % 255, i);
    CHECK(model.emplace(store.Add(name), name).second);
  }
  for (const auto& [handle, name] : model) CHECK_EQ(store.Get(handle), name);
}

TEST("a name store – random additions and removals – keeps what is left") {
  NameStore store;
  std::map<NameStore::Handle, std::string> model;
  Random random(1);
  for (uint32_t i = 0; i < 100'000; i++) {
    if (model.size() < 1000 || random() % 2 == 0) {
      const std::string name = NameOf(1 + random() % 255, i);
      CHECK(model.emplace(store.Add(name), name).second);
      continue;
    }
    const auto victim = model.lower_bound(static_cast<NameStore::Handle>(random() % 40'000));
    if (victim == model.end()) continue;
    CHECK_EQ(store.Get(victim->first), victim->second);
    store.Remove(victim->first);
    model.erase(victim);
  }
  for (const auto& [handle, name] : model) CHECK_EQ(store.Get(handle), name);
}

TEST("a name store – names of 15 bytes – takes 16 for each") {
  NameStore store;
  for (uint32_t i = 0; i < 100'000; i++) (void)store.Add(NameOf(15, i));
  CHECK(store.memory() >= 1'600'000 && store.memory() < 1'670'000);
}

TEST("a name store – churn of names of mixed lengths – uses the space again") {
  NameStore store;
  std::map<uint32_t, NameStore::Handle> model;
  for (uint32_t i = 0; i < 10'000; i++) model[i] = store.Add(NameOf(15 + i % 50, i));
  const size_t before = store.memory();
  for (uint32_t i = 10'000; i < 300'000; i++) {
    store.Remove(model[i % 10'000]);
    model[i % 10'000] = store.Add(NameOf(15 + i % 50, i));
  }
  CHECK_EQ(store.memory(), before);
  CHECK(!store.wasteful());
}

TEST("a name store – many names removed – is wasteful") {
  NameStore store;
  std::vector<NameStore::Handle> handles;
  for (uint32_t i = 0; i < 30'000; i++) handles.push_back(store.Add(NameOf(15, i)));
  for (uint32_t i = 0; i < 12'000; i++) store.Remove(handles[i]);
  CHECK(!store.wasteful());
  for (uint32_t i = 12'000; i < 14'000; i++) store.Remove(handles[i]);
  CHECK(store.wasteful());
}

TEST("a name store – rests of blocks – are used for short names") {
  NameStore store;
  // 256 bytes each, but for the last that fits: a block of 64 KiB has a rest of 252 bytes.
  (void)store.Add(NameOf(3, 0));
  for (uint32_t i = 0; i < 256; i++) (void)store.Add(NameOf(255, i));
  const size_t before = store.memory();
  (void)store.Add(NameOf(251, 0));
  for (uint32_t i = 0; i < 255; i++) (void)store.Add(NameOf(255, i));
  CHECK_EQ(store.memory(), before);
}

}  // namespace
}  // namespace xattr_cache
