#include "core/image_index.h"

#include <map>
#include <random>
#include <set>
#include <string>

#include "harness.h"

namespace xattr_cache {
namespace {

using Random = std::linear_congruential_engine<uint32_t, 48271, 0, 2147483647>;

// The same in the simplest way.
class Model {
 public:
  void Put(const std::string& name, const EvictionKey& key) { keys_[name] = key; }
  bool Erase(const std::string& name) {
    aside_.erase(name);
    return keys_.erase(name) > 0;
  }
  void SetAside(const std::string& name) {
    if (keys_.contains(name)) aside_.insert(name);
  }
  void BringBack() { aside_.clear(); }

  // Returns how the index differs; empty if it does not.
  std::string Difference(const ImageIndex& index) const {
    uint64_t size = 0;
    std::optional<EvictionOrder> coldest;
    for (const auto& [name, key] : keys_) {
      size += key.size;
      const EvictionOrder order{key, name};
      if (!aside_.contains(name) && (!coldest.has_value() || order < *coldest)) coldest = order;
    }
    if (index.images() != keys_.size()) return "number of images";
    if (index.size() != size) return "size";
    const auto first = index.Coldest();
    if (first.has_value() != coldest.has_value()) return "whether there is a coldest";
    if (first.has_value() && (first->name != coldest->name || first->key != coldest->key)) return "coldest";
    return "";
  }
  bool SameImages(const ImageIndex& index) const {
    std::map<std::string, EvictionKey> images;
    for (uint32_t i = 0; i < index.images(); i++) images[index.At(i).name] = index.At(i).key;
    return images == keys_;
  }

 private:
  std::map<std::string, EvictionKey> keys_;
  std::set<std::string> aside_;
};

std::string NameOf(uint32_t number) {
  return "image-" + std::to_string(number) + std::string(number % 60, 'x');
}

TEST("an index – random changes – agrees with a model") {
  for (const uint32_t most : {3U, 40U, 400U}) {
    ImageIndex index;
    Model model;
    Random random(most);
    for (int step = 0; step < 20'000; step++) {
      const std::string name = NameOf(random() % most);
      const auto choice = random() % 10;
      if (choice < 5) {
        // Few values, so that the size and the name decide often.
        const EvictionKey key{static_cast<int64_t>(random() % 20) - 10, random() % 3};
        index.Put(name, key);
        model.Put(name, key);
      } else if (choice < 8) {
        CHECK_EQ(index.Erase(name), model.Erase(name));
      } else if (choice < 9) {
        index.SetAside(name);
        model.SetAside(name);
      } else if (random() % 4 == 0) {
        index.BringBack();
        model.BringBack();
      }
      CHECK_EQ(model.Difference(index), "");
      if (step % 100 == 0) CHECK(model.SameImages(index));
    }
  }
}

TEST("an index – erased from the coldest on – keeps the order of eviction") {
  ImageIndex index;
  std::set<std::pair<int64_t, std::string>> expected;
  Random random(1);
  for (uint32_t i = 0; i < 50'000; i++) {
    const auto recency = static_cast<int64_t>(random() % 1000);
    index.Put(NameOf(i), {recency, 1});
    expected.emplace(recency, NameOf(i));
  }
  for (const auto& [recency, name] : expected) {
    const auto coldest = index.Coldest();
    CHECK(coldest.has_value());
    CHECK_EQ(coldest->name, name);
    CHECK_EQ(coldest->key.recency_ns, recency);
    CHECK(index.Erase(coldest->name));
  }
  CHECK(!index.Coldest().has_value());
  CHECK_EQ(index.size(), 0);
}

TEST("an index – names of any bytes – tells them apart") {
  ImageIndex index;
  const std::string longest(255, '\xFE');
  for (const std::string& name : {std::string("a"), std::string("a\xFF"), std::string("\x01"), longest}) {
    index.Put(name, {1, 1});
  }
  CHECK_EQ(index.images(), 4);
  CHECK(!index.Erase("a\xFE"));
  CHECK(index.Erase("a\xFF"));
  CHECK(index.Erase(longest));
  CHECK_EQ(index.Coldest()->name, "\x01");
}

TEST("an index – sizes beyond 32 bits – sums them") {
  ImageIndex index;
  index.Put("a", {1, uint64_t{1} << 40});
  index.Put("b", {1, uint64_t{1} << 41});
  index.Put("a", {1, 5});
  CHECK_EQ(index.size(), (uint64_t{1} << 41) + 5);
}

// Names of 15 bytes.
std::string ShortName(uint32_t number) {
  std::string digits = std::to_string(number);
  return std::string(15 - digits.size(), '0') + digits;
}

double BytesEach(const ImageIndex& index) {
  return static_cast<double>(index.memory()) / index.images();
}

TEST("an index – 100,000 short names – takes less than 54 bytes each") {
  ImageIndex index;
  for (uint32_t i = 0; i < 100'000; i++) index.Put(ShortName(i), {i, 1});
  CHECK(BytesEach(index) < 54);
}

TEST("an index – churn – takes no more memory") {
  ImageIndex index;
  for (uint32_t i = 0; i < 20'000; i++) index.Put(ShortName(i), {i, 1});
  const size_t before = index.memory();
  for (uint32_t i = 20'000; i < 400'000; i++) {
    CHECK(index.Erase(ShortName(i - 20'000)));
    index.Put(ShortName(i), {i, 1});
  }
  CHECK_EQ(index.memory(), before);
}

TEST("an index – most images erased, or with shorter names – gives the memory back") {
  ImageIndex index;
  const std::string tail(200, 'x');
  for (uint32_t i = 0; i < 40'000; i++) index.Put(ShortName(i) + tail, {i, 1});
  for (uint32_t i = 0; i < 40'000; i++) {
    CHECK(index.Erase(ShortName(i) + tail));
    index.Put(ShortName(i), {i, 1});
  }
  CHECK(BytesEach(index) < 36 + 1.5 * 16 + 4);
  for (uint32_t i = 0; i < 40'000; i++) CHECK_EQ(index.At(i).name[14] >= '0', true);
  for (uint32_t i = 100; i < 40'000; i++) CHECK(index.Erase(ShortName(i)));
  CHECK(index.memory() < 600'000);
  for (uint32_t i = 0; i < 100; i++) {
    CHECK_EQ(index.Coldest()->name, ShortName(i));
    CHECK(index.Erase(ShortName(i)));
  }
}

}  // namespace
}  // namespace xattr_cache
