// Names come from the directory, which any program may have filled, and reasons from wherever an error came from.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/image_id.h"
#include "fuzz/expect.h"

namespace {

// A second opinion: decodes to the code point and judges that, where the engine judges bytes.
bool Decodes(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return static_cast<uint32_t>(static_cast<unsigned char>(text[at])); };
    const uint32_t first = byte(i);
    const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (length == 0 || text.size() - i < length) return false;
    uint32_t point = length == 1 ? first : first & (0x7Fu >> length);
    for (size_t k = 1; k < length; k++) {
      if (byte(i + k) >> 6 != 2) return false;
      point = point << 6 | (byte(i + k) & 0x3F);
    }
    constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t limit = data[0];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  EXPECT(xattr_cache::IsUtf8(text) == Decodes(text));

  if (xattr_cache::IsImageId(text)) {
    EXPECT(!text.empty() && text.size() <= 255 && text.front() != '.' && Decodes(text));
    EXPECT(text.find('/') == text.npos && text.find('\0') == text.npos);
    EXPECT(text != "incomplete" && text != "invalid" && text != "queue");
  }
  const std::string_view cut = xattr_cache::CutUtf8(text, limit);
  EXPECT(cut.size() <= limit && text.starts_with(cut));
  if (!Decodes(text)) return 0;
  EXPECT(Decodes(cut));
  EXPECT(cut.size() == text.size() || limit - cut.size() < 4);
  return 0;
}
