#include "posix/directory_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "faults.h"
#include "files.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Faults;
using testing::OpenFile;
using testing::TemporaryDirectory;
using testing::WriteFile;

// All events that are there: "+name", "-name", "poke", "lost".
std::string Events(DirectoryWatch& watch) {
  std::string all;
  while (true) {
    const auto event = watch.Next();
    if (!event.ok()) return all + "(" + testing::Describe(event.error()) + ")";
    if (!event.value().has_value()) return all;
    if (!all.empty()) all += ' ';
    switch (event.value()->kind) {
      case WatchEvent::Kind::kAppeared:
        all += '+' + std::string(event.value()->view());
        break;
      case WatchEvent::Kind::kDisappeared:
        all += '-' + std::string(event.value()->view());
        break;
      case WatchEvent::Kind::kPoke:
        all += "poke";
        break;
      case WatchEvent::Kind::kLost:
        all += "lost";
        break;
    }
  }
}

struct Watched {
  Watched() : descriptor(directory.path(), O_DIRECTORY), watch(DirectoryWatch::Open(descriptor.fd())) {}
  std::string Path(const char* name) const { return directory.path() + '/' + name; }
  std::string Events() { return xattr_cache::Events(watch.value()); }

  const TemporaryDirectory directory;
  const OpenFile descriptor;
  Result<DirectoryWatch> watch;
};

bool IsReadable(int fd) {
  pollfd poll{fd, POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

TEST("a watch – files created, renamed, removed – reports each name") {
  Watched there;
  CHECK_OK(there.watch);
  CHECK_EQ(there.Events(), "");
  CHECK(!IsReadable(there.watch.value().fd()));
  WriteFile(there.Path("a"), "");
  CHECK(IsReadable(there.watch.value().fd()));
  CHECK_EQ(::link(there.Path("a").c_str(), there.Path("b").c_str()), 0);
  CHECK_EQ(::rename(there.Path("a").c_str(), there.Path("c\xFF").c_str()), 0);
  CHECK_EQ(::unlink(there.Path("b").c_str()), 0);
  CHECK_EQ(there.Events(), "+a +a +b -a +c\xFF -b");
  CHECK_EQ(there.Events(), "");
}

TEST("a watch – files moved in and out – reports both") {
  Watched there;
  const TemporaryDirectory elsewhere;
  WriteFile(elsewhere.path() + "/a", "");
  CHECK_EQ(::rename((elsewhere.path() + "/a").c_str(), there.Path("a").c_str()), 0);
  CHECK_EQ(there.Events(), "+a");
  CHECK_EQ(::rename(there.Path("a").c_str(), (elsewhere.path() + "/b").c_str()), 0);
  CHECK_EQ(there.Events(), "-a");
}

TEST("a watch – file written under its final name – reports it when it is closed") {
  Watched there;
  {
    const OpenFile writer(there.Path("a"), O_CREAT | O_WRONLY);
    CHECK_EQ(there.Events(), "+a");
    CHECK_EQ(::write(writer.fd(), "bytes", 5), 5);
    CHECK_EQ(there.Events(), "");
  }
  CHECK_EQ(there.Events(), "+a");
}

TEST("a watch – files read, and their attributes and times set – reports nothing") {
  Watched there;
  WriteFile(there.Path("a"), "bytes");
  (void)there.Events();
  CHECK_EQ(testing::ReadFile(there.Path("a")), "bytes");
  testing::SetAttribute(there.Path("a"), "user.hits", "1");
  testing::SetTimes(there.Path("a"), 1, 1);
  CHECK_EQ(there.Events(), "");
}

TEST("a watch – subdirectories – leaves them and their files out") {
  Watched there;
  CHECK_EQ(::mkdir(there.Path("d").c_str(), 0755), 0);
  WriteFile(there.Path("d/a"), "");
  CHECK_EQ(::rename(there.Path("d").c_str(), there.Path("e").c_str()), 0);
  CHECK_EQ(::unlink(there.Path("e/a").c_str()), 0);
  CHECK_EQ(::rmdir(there.Path("e").c_str()), 0);
  CHECK_EQ(there.Events(), "");
}

TEST("a watch – directory renamed – stays with it") {
  Watched there;
  const std::string other = there.directory.path() + ".renamed";
  CHECK_EQ(::rename(there.directory.path().c_str(), other.c_str()), 0);
  WriteFile(other + "/a", "");
  const std::string events = there.Events();
  CHECK_EQ(::rename(other.c_str(), there.directory.path().c_str()), 0);
  CHECK_EQ(events, "+a +a");
}

TEST("a watch – directory gone, and not open – reports the loss") {
  auto directory = std::make_unique<TemporaryDirectory>();
  auto descriptor = std::make_unique<OpenFile>(directory->path(), O_DIRECTORY);
  auto watch = DirectoryWatch::Open(descriptor->fd());
  CHECK_OK(watch);
  descriptor.reset();
  directory.reset();
  CHECK_EQ(Events(watch.value()), "lost");
}

TEST("a watch – more events than the queue holds – reports the loss after them") {
  const auto limit = testing::ReadFile("/proc/sys/fs/inotify/max_queued_events");
  const int most = std::atoi(limit.value_or("0").c_str());
  if (most == 0 || most > 100'000) return testing::Skip("the queue of inotify is too long to be filled");
  Watched there;
  WriteFile(there.Path("a"), "");
  (void)there.Events();
  for (int i = 0; i <= most / 2; i++) {
    CHECK_EQ(::link(there.Path("a").c_str(), there.Path("b").c_str()), 0);
    CHECK_EQ(::unlink(there.Path("b").c_str()), 0);
  }
  const std::string events = there.Events();
  CHECK_EQ(events.substr(0, 9), "+b -b +b ");
  CHECK_EQ(events.substr(events.size() - 7), "-b lost");
}

TEST("a watch – more events than one read returns – reports all of them") {
  Watched there;
  const std::string name(200, 'n');
  constexpr int kFiles = 700;  // Of 224 bytes and more an event: some 160 KiB.
  size_t length = 0;
  for (int i = 0; i < kFiles; i++) {
    const std::string path = name + std::to_string(i);
    CHECK_EQ(::mknod(there.Path(path.c_str()).c_str(), S_IFREG | 0644, 0), 0);
    length += path.size() + 2;
  }
  CHECK_EQ(there.Events().size(), length - 1);
}

TEST("a watch – poke file touched, changed or removed – reports a poke") {
  Watched there;
  const TemporaryDirectory elsewhere;
  const std::string poked = elsewhere.path() + "/file";
  WriteFile(poked, "");
  {
    const OpenFile file(poked);
    CHECK_OK(there.watch.value().AddPoke(file.fd()));
    CHECK_EQ(there.Events(), "");
    testing::SetTimes(poked, 1, 1);
    WriteFile(there.Path("a"), "");
    CHECK_EQ(there.Events(), "poke +a +a");
    CHECK_EQ(testing::ReadFile(poked), "");
    CHECK_EQ(there.Events(), "");
    CHECK_EQ(::unlink(poked.c_str()), 0);
    CHECK_EQ(there.Events(), "poke");
  }
  // Now its file is closed, too.
  CHECK_EQ(there.Events(), "poke");
}

TEST("a watch – second poke file – ends the first without a loss") {
  Watched there;
  const TemporaryDirectory elsewhere;
  const std::string first = elsewhere.path() + "/first";
  const std::string second = elsewhere.path() + "/second";
  WriteFile(first, "");
  WriteFile(second, "");
  CHECK_OK(there.watch.value().AddPoke(OpenFile(first).fd()));
  CHECK_OK(there.watch.value().AddPoke(OpenFile(second).fd()));
  CHECK_EQ(::unlink(first.c_str()), 0);
  CHECK_EQ(there.Events(), "");
  testing::SetTimes(second, 1, 1);
  CHECK_EQ(there.Events(), "poke");
}

TEST("a watch – of something else than a directory – fails") {
  const TemporaryDirectory directory;
  WriteFile(directory.path() + "/a", "");
  CHECK_FAILS(DirectoryWatch::Open(OpenFile(directory.path() + "/a").fd()), ENOTDIR);
  CHECK_FAILS(DirectoryWatch::Open(-1), ENOENT);
}

TEST("a watch – any call refused – fails with it, and loses no event") {
  Watched there;
  for (const char* call : {"inotify_init1", "inotify_add_watch"}) {
    const Faults faults(testing::Refuse(call, EMFILE));
    CHECK_FAILS(DirectoryWatch::Open(there.descriptor.fd()), EMFILE);
  }
  WriteFile(there.Path("a"), "");
  {
    const Faults faults(testing::Refuse("read", EIO));
    CHECK_FAILS(there.watch.value().Next(), EIO);
    CHECK_FAILS(there.watch.value().Next(), EIO);
  }
  {
    const Faults faults(testing::Refuse("inotify_add_watch", ENOSPC));
    CHECK_FAILS(there.watch.value().AddPoke(there.descriptor.fd()), ENOSPC);
  }
  CHECK_EQ(there.Events(), "+a +a");
}

}  // namespace
}  // namespace xattr_cache
