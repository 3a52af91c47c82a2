#include "core/image_reader.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "cache_fixture.h"
#include "core/whole_put.h"
#include "faults.h"
#include "harness.h"
#include "posix/xattr.h"
#include "processes.h"

namespace xattr_cache {
namespace {

using testing::Cache;
using testing::Faults;

Result<OpenImage> Open(const Cache& cache, Waiting waiting = Waiting::kAllowed) {
  return OpenImageFile(cache.directory(), "a", waiting);
}

std::string ReadAll(int fd, uint64_t position, size_t length, Waiting waiting = Waiting::kAllowed) {
  std::string bytes(length, '?');
  const auto size = ReadImage(fd, std::as_writable_bytes(std::span(bytes)), position, waiting);
  return size.ok() ? bytes.substr(0, size.value()) : testing::Describe(size.error());
}

TEST("an image – opened – has its metadata") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  const auto image = Open(cache);
  CHECK_OK(image);
  CHECK_EQ(image.value().stat.size, 5);
  CHECK_EQ(image.value().stat.inode, testing::StatOf(cache.Path("a")).st_ino);
  const int fd = image.value().fd.get();
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(fd, F_GETFL) & O_NOATIME) != 0);
}

TEST("glance B7: an image – without any attribute – is opened") {
  const Cache cache;
  testing::WriteFile(cache.Path("a"), "bytes");
  CHECK_OK(Open(cache));
  testing::WriteFile(cache.Path("a"), "");
  CHECK_OK(Open(cache));
}

TEST("an image – not a regular file – is none, and the open does not block") {
  for (const char* kind : {"nothing", "link", "directory", "fifo", "socket"}) {
    const Cache cache;
    const std::string path = cache.Path("a");
    testing::WriteFile(cache.Path("b"), "bytes");
    if (kind == std::string_view("link")) CHECK_EQ(::symlink("b", path.c_str()), 0);
    if (kind == std::string_view("directory")) CHECK_EQ(::mkdir(path.c_str(), 0755), 0);
    if (kind == std::string_view("fifo")) CHECK_EQ(::mkfifo(path.c_str(), 0644), 0);
    if (kind == std::string_view("socket")) {
      const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
      CHECK_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
      ::close(fd);
    }
    CHECK_FAILS(Open(cache), ENOENT);
    const auto without_waiting = Open(cache, Waiting::kNever);
    CHECK(without_waiting.failed_with(ENOENT) || without_waiting.failed_with(EAGAIN));
  }
}

TEST("a renamed token – among the images – is no image, unless it has bytes") {
  const Cache cache;
  testing::WriteFile(cache.Path("a"), "");
  testing::SetAttribute(cache.Path("a"), kWriterAttribute, ".d-0123456789abcdef boot");
  CHECK_FAILS(Open(cache), ENOENT);
  testing::WriteFile(cache.Path("a"), "a foreign writer's bytes");
  CHECK_OK(Open(cache));
}

TEST("an empty image – no attributes supported – is an image") {
  const Cache cache;
  testing::WriteFile(cache.Path("a"), "");
  {
    const Faults faults(testing::Refuse("fgetxattr", EOPNOTSUPP));
    CHECK_OK(Open(cache));
  }
  const Faults faults(testing::Refuse("fgetxattr", EIO));
  CHECK_FAILS(Open(cache), EIO);
}

TEST("an image – of another owner – is opened without O_NOATIME") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  const Faults faults(testing::RefuseNth("openat", 1, EPERM));
  const auto image = Open(cache);
  CHECK_OK(image);
  CHECK_EQ(::fcntl(image.value().fd.get(), F_GETFL) & O_NOATIME, 0);
}

TEST("an image – open or stat fails – returns the reason") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  for (const char* call : {"openat", "statx"}) {
    const Faults faults(testing::Refuse(call, ESTALE));
    CHECK_FAILS(Open(cache), ESTALE);
  }
}

TEST("a read – any position – returns bytes to the end, and not beyond") {
  const Cache cache;
  cache.AddImage("a", "0123456789");
  const auto image = Open(cache);
  const int fd = image.value().fd.get();
  CHECK_EQ(ReadAll(fd, 0, 10), "0123456789");
  CHECK_EQ(ReadAll(fd, 0, 4), "0123");
  CHECK_EQ(ReadAll(fd, 7, 100), "789");
  CHECK_EQ(ReadAll(fd, 10, 1), "");
  CHECK_EQ(ReadAll(fd, 1'000'000, 1), "");
  CHECK_EQ(ReadAll(fd, 3, 0), "");
  std::array<std::byte, 1> byte;
  const Faults faults(testing::Refuse("pread64", EIO));
  CHECK_FAILS(ReadImage(fd, byte, 0, Waiting::kAllowed), EIO);
}

TEST("glance B6: a read – image deleted meanwhile – goes to the end") {
  const Cache cache;
  cache.AddImage("a", "0123456789");
  const auto image = Open(cache);
  CHECK_EQ(::unlink(cache.Path("a").c_str()), 0);
  CHECK_EQ(ReadAll(image.value().fd.get(), 0, 100), "0123456789");
}

TEST("a non-blocking read – bytes cached or not – returns them or EAGAIN") {
  const Cache cache;
  cache.AddImage("a", "0123456789");
  const auto image = Open(cache, Waiting::kNever);
  if (!image.ok()) {
    CHECK_EQ(image.error().code, EAGAIN);
    return;
  }
  const std::string bytes = ReadAll(image.value().fd.get(), 2, 100, Waiting::kNever);
  CHECK(std::string_view("23456789").starts_with(bytes));
}

TEST("a non-blocking read – kernel cannot promise it – returns no bytes or EAGAIN") {
  const Cache cache;
  cache.AddImage("a", "bytes");
  for (const int code : {ENOSYS, EPERM, EINVAL, EOPNOTSUPP, EAGAIN}) {
    const Faults faults(testing::Refuse("openat2", code));
    CHECK_FAILS(Open(cache, Waiting::kNever), EAGAIN);
  }
  const auto image = Open(cache);
  const int fd = image.value().fd.get();
  for (const int code : {ENOSYS, EPERM, EINVAL, EOPNOTSUPP, EAGAIN}) {
    const Faults faults(testing::Refuse("preadv2", code));
    CHECK_EQ(ReadAll(fd, 0, 5, Waiting::kNever), "");
  }
  const Faults faults([](std::string_view) { return EIO; });
  CHECK_FAILS(Open(cache, Waiting::kNever), EIO);
  std::array<std::byte, 1> byte;
  CHECK_FAILS(ReadImage(fd, byte, 0, Waiting::kNever), EIO);
}

TEST("an image – no permission to read – returns the reason") {
  if (!testing::IsRoot()) return testing::Skip("needs root, to become another user");
  const Cache cache;
  cache.AddImage("a", "bytes");
  ::chmod(cache.Path("a").c_str(), 0600);
  CHECK(testing::RunAsStranger([&] { return Open(cache).failed_with(EACCES); }));
}

}  // namespace
}  // namespace xattr_cache
