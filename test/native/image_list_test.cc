#include "core/image_list.h"

#include <string>

#include "harness.h"

namespace xattr_cache {
namespace {

std::string NamesOf(const ImageList& list) {
  std::string names;
  for (size_t i = 0; i < list.size(); i++) {
    names += (i == 0 ? "" : " ") + std::string(list.name(list.row(i)));
  }
  return names;
}

TEST("rows – any number added – keep their names and errors") {
  ImageList list;
  for (int i = 0; i < 1000; i++) {
    ImageRow row;
    row.size = static_cast<uint64_t>(i);
    list.Add("image-" + std::to_string(i), row, i % 2 == 0 ? "" : "error " + std::to_string(i));
  }
  CHECK_EQ(list.size(), 1000);
  CHECK_EQ(list.name(list.row(0)), "image-0");
  CHECK_EQ(list.error(list.row(0)), "");
  CHECK_EQ(list.name(list.row(777)), "image-777");
  CHECK_EQ(list.error(list.row(777)), "error 777");
  CHECK_EQ(std::string(list.c_name(list.row(777))), "image-777");
  CHECK_EQ(list.row(777).size, 777);
}

TEST("an error – any bytes – is kept") {
  using namespace std::string_literals;
  ImageList list;
  list.Add("a", {}, "a\0b"s);
  CHECK_EQ(list.error(list.row(0)), "a\0b"s);
}

TEST("a list – added to another – keeps its names and errors") {
  ImageList list;
  list.Add("one", {}, "why");
  ImageList more;
  more.Add("two", {}, "because");
  more.Add("three", {});
  list.Append(more);
  CHECK_EQ(list.size(), 3);
  CHECK_EQ(list.name(list.row(1)), "two");
  CHECK_EQ(list.error(list.row(1)), "because");
  CHECK_EQ(std::string(list.c_name(list.row(2))), "three");
  CHECK_EQ(list.error(list.row(2)), "");
}

TEST("names – sorted – are ordered by their bytes, not by their letters") {
  ImageList list;
  for (const char* name : {"b", "é", "a", "Z", "aa", "~"}) list.Add(name, {});
  list.SortByName();
  CHECK_EQ(NamesOf(list), "Z a aa b ~ é");
}

TEST("rows – sorted by age – the oldest first, and names decide a tie") {
  ImageList list;
  const auto add = [&](const char* name, int64_t modified_ns) {
    ImageRow row;
    row.modified_ns = modified_ns;
    row.accessed_ns = -modified_ns;
    list.Add(name, row);
  };
  add("new", 30);
  add("old-b", 10);
  add("old-a", 10);
  add("middle", 20);
  list.SortByAge();
  CHECK_EQ(NamesOf(list), "old-a old-b middle new");
}

}  // namespace
}  // namespace xattr_cache
