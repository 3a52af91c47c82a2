#include "core/whole_put.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "cache_fixture.h"
#include "core/lookup.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

using testing::Bytes;
using testing::Cache;
using testing::Faults;

Status Put(const Cache& cache, std::string_view bytes) {
  return PutImage(cache.directory(), "a", Bytes(bytes));
}

bool NothingIsLeft(const Cache& cache) {
  return testing::Names(cache.Path("incomplete")).empty() && testing::Names(cache.Path("invalid")).empty();
}

// The ways of file systems that lack something, all of which must come to the same.
const Faults::Answer kWays[] = {
    [](std::string_view) { return 0; },
    testing::RefuseNth("openat", 1, EOPNOTSUPP),  // O_TMPFILE
    testing::Refuse("linkat", EPERM),
    testing::RefuseNth("linkat", 1, ENOENT),  // AT_EMPTY_PATH
};

TEST("a put – any bytes – is an image with 0 hits") {
  for (const auto& way : kWays) {
    const Cache cache;
    {
      const Faults faults(way);
      CHECK_OK(Put(cache, "bytes"));
    }
    CHECK_EQ(testing::ReadFile(cache.Path("a")), "bytes");
    CHECK_EQ(testing::Attribute(cache.Path("a"), kHitsAttribute), "0");
    CHECK_EQ(testing::StatOf(cache.Path("a")).st_mode & 07777, 0644);
    CHECK_EQ(testing::StatOf(cache.Path("a")).st_nlink, 1);
    CHECK(NothingIsLeft(cache));
  }
}

TEST("a put – image exists – replaces it, and its readers read on") {
  for (const auto& way : kWays) {
    const Cache cache;
    cache.AddImage("a", "old");
    testing::SetAttribute(cache.Path("a"), kHitsAttribute, "5");
    const testing::OpenFile reader(cache.Path("a"));
    {
      const Faults faults(way);
      CHECK_OK(Put(cache, "new bytes"));
    }
    CHECK_EQ(testing::ReadFile(cache.Path("a")), "new bytes");
    CHECK_EQ(testing::Attribute(cache.Path("a"), kHitsAttribute), "0");
    CHECK(NothingIsLeft(cache));
    char old[8] = {};
    CHECK_EQ(::pread(reader.fd(), old, sizeof(old), 0), 3);
    CHECK_EQ(std::string_view(old), "old");
  }
}

TEST("a put – no bytes – is an empty image") {
  const Cache cache;
  CHECK_OK(Put(cache, ""));
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "");
}

TEST("a put – many bytes – arrives whole") {
  const Cache cache;
  std::string bytes(3 << 20, '\0');
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
  CHECK_OK(Put(cache, bytes));
  CHECK(testing::ReadFile(cache.Path("a")) == bytes);
}

TEST("a put – image queued – takes it from the queue; a failed one does not") {
  const Cache cache;
  CHECK(QueueImage(cache.directory(), "a", {}).value());
  {
    const Faults faults(testing::Refuse("pwrite64", ENOSPC));
    CHECK_FAILS(Put(cache, "bytes"), ENOSPC);
  }
  CHECK_EQ(testing::Names(cache.Path("queue")), "a");
  CHECK_OK(Put(cache, "bytes"));
  CHECK_EQ(testing::Names(cache.Path("queue")), "");
}

TEST("a put – fails – leaves nothing behind, and the old image") {
  for (const bool existing : {false, true}) {
    for (const auto& way : kWays) {
      for (const char* call : {"pwrite64", "fsetxattr", "renameat", "getrandom"}) {
        const Cache cache;
        if (existing) cache.AddImage("a", "old");
        bool put = false;
        {
          const Faults faults([way, call](std::string_view name) mutable { return name == call ? ENOSPC : way(name); });
          put = Put(cache, "new").ok();
        }
        // Only what the way needs can fail it.
        CHECK_EQ(testing::ReadFile(cache.Path("a")), put        ? std::optional<std::string>("new")
                                                     : existing ? std::optional<std::string>("old")
                                                                : std::nullopt);
        CHECK(!put || std::string_view(call) == "renameat" || std::string_view(call) == "getrandom");
        CHECK(NothingIsLeft(cache));
      }
    }
  }
}

TEST("a put – renaming over is impossible, link fails – the old image stays") {
  const Cache cache;
  cache.AddImage("a", "old");
  // The image's own name is taken; then the private one is refused, in both ways to link.
  const Faults faults([links = 0](std::string_view call) mutable { return call == "linkat" && ++links > 1 ? EIO : 0; });
  CHECK_FAILS(Put(cache, "new"), EIO);
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "old");
  CHECK(NothingIsLeft(cache));
}

TEST("a put – nothing can be opened – fails with the reason") {
  const Cache cache;
  const Faults faults(testing::Refuse("openat", EACCES));
  CHECK_FAILS(Put(cache, "bytes"), EACCES);
}

TEST("a put – over a directory – fails, and leaves nothing behind") {
  const Cache cache;
  CHECK_EQ(::mkdir(cache.Path("a").c_str(), 0755), 0);
  CHECK_FAILS(Put(cache, "bytes"), EISDIR);
  CHECK(NothingIsLeft(cache));
}

TEST("a put – over a link – replaces it, and does not follow it") {
  const Cache cache;
  testing::WriteFile(cache.Path("target"), "target");
  CHECK_EQ(::symlink("target", cache.Path("a").c_str()), 0);
  CHECK_OK(Put(cache, "bytes"));
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "bytes");
  CHECK_EQ(testing::ReadFile(cache.Path("target")), "target");
}

TEST("a put – writers and other puts – needs no claim, the last wins, all are whole") {
  const Cache cache;
  auto writer = cache.Claim("a");
  CHECK_OK(writer);
  CHECK_OK(writer.value().Write(Bytes("claimed")));
  CHECK_OK(Put(cache, "put"));
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "put");
  CHECK_OK(writer.value().Commit());
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "claimed");
  CHECK_OK(Put(cache, "put again"));
  CHECK_EQ(testing::ReadFile(cache.Path("a")), "put again");
}

}  // namespace
}  // namespace xattr_cache
