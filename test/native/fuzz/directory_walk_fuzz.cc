// Records of getdents64(2): the kernel always makes them well, but of any names, in batches of any size.  The kernel is
// played by this file, which stands in for posix/syscalls.cc.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "fuzz/expect.h"
#include "posix/directory_walk.h"
#include "posix/syscalls.h"

namespace {

struct Entry {
  std::string name;
  uint8_t type;
};

std::vector<Entry> entries;
size_t given = 0;
size_t entries_a_batch = 1;

std::string Record(const Entry& entry) {
  constexpr size_t kHeader = 19;
  const size_t length = (kHeader + entry.name.size() + 1 + 7) / 8 * 8;
  std::string record(length, '\0');
  const auto short_length = static_cast<uint16_t>(length);
  std::memcpy(record.data() + 16, &short_length, sizeof(short_length));
  record[18] = static_cast<char>(entry.type);
  std::memcpy(record.data() + kHeader, entry.name.data(), entry.name.size());
  return record;
}

}  // namespace

namespace xattr_cache::sys {

int OpenAt(int, const char*, int, mode_t) {
  return 1000;
}
int Close(int) {
  return 0;
}

ssize_t ReadEntries(int, void* buffer, size_t size) {
  std::string batch;
  for (size_t i = 0; i < entries_a_batch && given < entries.size(); i++) {
    const std::string record = Record(entries[given]);
    if (batch.size() + record.size() > size) break;
    batch += record;
    given++;
  }
  std::memcpy(buffer, batch.data(), batch.size());
  return static_cast<ssize_t>(batch.size());
}

}  // namespace xattr_cache::sys

// The first byte is the size of a batch; then names, each with its type behind a NUL.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  entries.clear();
  given = 0;
  entries_a_batch = 1 + data[0];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, std::min(rest.find('\0'), size_t{255}));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    if (!name.empty()) entries.push_back({std::string(name), static_cast<uint8_t>(rest.empty() ? 0 : rest.front())});
  }

  auto walk = xattr_cache::DirectoryWalk::Open(0);
  EXPECT(walk.ok());
  for (const Entry& expected : entries) {
    if (expected.name == "." || expected.name == "..") continue;
    const auto entry = walk.value().Next();
    EXPECT(entry.ok() && entry.value().has_value());
    EXPECT(entry.value()->view() == expected.name && entry.value()->type == expected.type);
  }
  const auto end = walk.value().Next();
  EXPECT(end.ok() && !end.value().has_value());
  return 0;
}
