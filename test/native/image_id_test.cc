#include "core/image_id.h"

#include <string>

#include "harness.h"

namespace xattr_cache {
namespace {

using namespace std::string_literals;

// UTF-8 of any number below 2^21, well-formed or not.
std::string Encode(uint32_t point) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
  const auto tail = [&](int shift) { return byte(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), tail(0)};
  if (point < 0x10000) return {byte(0xE0 | point >> 12), tail(6), tail(0)};
  return {byte(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
}

TEST("image ids – ordinary names in any script – are accepted") {
  for (const std::string& id : {"a"s, "0"s, "A-b_c.d"s, "trailing."s, "with space"s, "new\nline"s, "\x7F"s, "é"s,
                                "日本"s, "😀"s, "incomplete2"s, "Queue"s, "xincomplete"s, "%2F"s, "-"s, "~"s}) {
    if (!IsImageId(id)) testing::Fail(__FILE__, __LINE__, testing::Show(id) + " is refused");
  }
}

TEST("image ids – names that leave the directory, hide, or are ours – are refused") {
  for (const std::string& id :
       {""s, "."s, ".."s, ".hidden"s, ".d-0123456789abcdef"s, "/"s, "a/b"s, "../a"s, "a/"s, "\0"s, "a\0"s, "a\0b"s,
        "incomplete"s, "invalid"s, "queue"s, ".xattr-cache"s, "\xFF"s, "caf\xE9"s}) {
    if (IsImageId(id)) testing::Fail(__FILE__, __LINE__, testing::Show(id) + " is accepted");
  }
}

TEST("image ids – length – at most 255 bytes, in any number of characters") {
  CHECK(IsImageId(std::string(255, 'a')));
  CHECK(!IsImageId(std::string(256, 'a')));
  std::string accents = "a";
  for (int i = 0; i < 127; i++) accents += "é";
  CHECK_EQ(accents.size(), 255);
  CHECK(IsImageId(accents));
  CHECK(!IsImageId(accents + "b"));
}

TEST("UTF-8 – every character of Unicode – is accepted, and no surrogate") {
  for (uint32_t point = 0; point <= 0x10FFFF; point++) {
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (IsUtf8(Encode(point)) == surrogate) testing::Fail(__FILE__, __LINE__, std::to_string(point));
  }
}

TEST("UTF-8 – beyond U+10FFFF – is refused") {
  for (uint32_t point = 0x110000; point < 0x200000; point++) CHECK(!IsUtf8(Encode(point)));
}

TEST("UTF-8 – overlong, stray or torn sequences – are refused") {
  for (const std::string& text : {"\x80"s,
                                  "\xBF"s,
                                  "\xC0\x80"s,
                                  "\xC1\xBF"s,
                                  "\xC2"s,
                                  "\xC2\x41"s,
                                  "\xC2\xC2"s,
                                  "\xE0\x80\x80"s,
                                  "\xE0\x9F\xBF"s,
                                  "\xE0\xA0"s,
                                  "\xE2\x28\xA1"s,
                                  "\xE2\x82\x28"s,
                                  "\xED\xA0\x80"s,
                                  "\xED\xBF\xBF"s,
                                  "\xF0\x80\x80\x80"s,
                                  "\xF0\x8F\xBF\xBF"s,
                                  "\xF0\x90\x80"s,
                                  "\xF0\x28\x8C\xBC"s,
                                  "\xF4\x90\x80\x80"s,
                                  "\xF5\x80\x80\x80"s,
                                  "\xF8\x88\x80\x80\x80"s,
                                  "\xFC\x84\x80\x80\x80\x80"s,
                                  "\xFE"s,
                                  "\xFF"s}) {
    if (IsUtf8(text) || IsUtf8("a" + text) || IsUtf8(text + "a")) testing::Fail(__FILE__, __LINE__, text);
  }
}

TEST("UTF-8 – empty text and NUL – are accepted") {
  CHECK(IsUtf8(""));
  CHECK(IsUtf8("\0"s));
}

TEST("a text – cut – is cut between characters") {
  struct Case {
    std::string_view text;
    size_t size;
    std::string_view cut;
  };
  for (const Case& c :
       {Case{"abc", 5, "abc"}, Case{"abc", 3, "abc"}, Case{"abc", 2, "ab"}, Case{"abc", 0, ""}, Case{"", 0, ""},
        Case{"aé", 2, "a"}, Case{"aé", 3, "aé"}, Case{"é", 1, ""}, Case{"日本", 5, "日"}, Case{"日本", 4, "日"},
        Case{"日本", 3, "日"}, Case{"日本", 2, ""}, Case{"a😀b", 4, "a"}, Case{"a😀b", 5, "a😀"}}) {
    CHECK_EQ(CutUtf8(c.text, c.size), c.cut);
  }
}

}  // namespace
}  // namespace xattr_cache
