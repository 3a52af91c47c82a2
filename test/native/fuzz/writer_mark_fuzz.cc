// Any program that may write the directory can write a mark, and the private name in it will be unlinked.

#include <cstddef>
#include <cstdint>

#include "core/private_name.h"
#include "core/writer_mark.h"
#include "fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mark = xattr_cache::WriterMark::Parse(text);
  if (!mark.has_value()) return 0;
  EXPECT(mark->data_name.size() == 19 && mark->data_name.starts_with(".d-"));
  EXPECT(mark->data_name.find_first_not_of("0123456789abcdef", 3) == std::string::npos);
  EXPECT(xattr_cache::IsPrivateName(mark->data_name));
  // A length that is no number is left out, so that the text itself need not come back.
  const auto again = xattr_cache::WriterMark::Parse(mark->Format());
  EXPECT(again.has_value() && again->data_name == mark->data_name && again->boot_id == mark->boot_id);
  EXPECT(again->length == mark->length);
  return 0;
}
