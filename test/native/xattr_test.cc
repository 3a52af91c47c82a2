#include "posix/xattr.h"

#include <sys/xattr.h>

#include <string>

#include "faults.h"
#include "files.h"
#include "harness.h"

namespace xattr_cache {
namespace {

using testing::Before;
using testing::Faults;
using testing::OpenFile;

constexpr char kName[] = "user.test";

struct AttributedFile {
  testing::TemporaryDirectory directory;
  std::string path = directory.path() + "/file";
  bool written = (testing::WriteFile(path, ""), true);
  OpenFile file{path};

  int fd() const { return file.fd(); }
  void Set(std::string_view value) const { testing::SetAttribute(path, kName, value); }
};

TEST("an attribute – missing or empty – is nothing, or empty") {
  const AttributedFile file;
  CHECK(!ReadAttribute(file.fd(), kName).value().has_value());
  CHECK(!ReadAttributeOfPath(file.path.c_str(), kName).value().has_value());
  file.Set("");
  CHECK_EQ(ReadAttribute(file.fd(), kName).value(), "");
  CHECK_EQ(ReadAttributeOfPath(file.path.c_str(), kName).value(), "");
}

TEST("a value – any length, with NUL bytes – is read whole") {
  const AttributedFile file;
  for (const size_t size : {1u, 255u, 256u, 257u, 1000u, 3000u}) {
    std::string value(size, 'x');
    value[size / 2] = '\0';
    CHECK_OK(WriteAttribute(file.fd(), kName, value));
    CHECK_EQ(ReadAttribute(file.fd(), kName).value(), value);
    CHECK_EQ(ReadAttributeOfPath(file.path.c_str(), kName).value(), value);
  }
}

TEST("a value – path – is written through it") {
  const AttributedFile file;
  CHECK_OK(WriteAttributeOfPath(file.path.c_str(), kName, "value"));
  CHECK_EQ(testing::Attribute(file.path, kName), "value");
  CHECK_FAILS(WriteAttributeOfPath((file.path + "2").c_str(), kName, "value"), ENOENT);
  CHECK_FAILS(ReadAttributeOfPath((file.path + "2").c_str(), kName), ENOENT);
}

// The first call finds the buffer too small, the second asks for the length, the third reads.
TEST("a value – grows between the calls – is read whole") {
  const AttributedFile file;
  file.Set(std::string(300, 'a'));
  const Faults faults(Before("fgetxattr", 3, [&] {
    file.Set(std::string(1500, 'b'));
    return 0;
  }));
  CHECK_EQ(ReadAttribute(file.fd(), kName).value(), std::string(1500, 'b'));
}

TEST("a value – shrinks between the calls – is read without a tail") {
  const AttributedFile file;
  file.Set(std::string(300, 'a'));
  const Faults faults(Before("fgetxattr", 3, [&] {
    file.Set("short");
    return 0;
  }));
  CHECK_EQ(ReadAttribute(file.fd(), kName).value(), "short");
}

TEST("a value – removed between the calls – is nothing") {
  const AttributedFile file;
  file.Set(std::string(300, 'a'));
  const Faults faults(Before("fgetxattr", 2, [&] { return ::removexattr(file.path.c_str(), kName), 0; }));
  CHECK(!ReadAttribute(file.fd(), kName).value().has_value());
}

TEST("an attribute – cannot be read – is an error, in both calls") {
  const AttributedFile file;
  file.Set(std::string(300, 'a'));
  for (const int call : {1, 2, 3}) {
    const Faults faults(testing::RefuseNth("fgetxattr", call, EIO));
    CHECK_FAILS(ReadAttribute(file.fd(), kName), EIO);
  }
}

TEST("an attribute – removed though missing – succeeds") {
  const AttributedFile file;
  file.Set("value");
  CHECK_OK(RemoveAttribute(file.fd(), kName));
  CHECK(!testing::Attribute(file.path, kName).has_value());
  CHECK_OK(RemoveAttribute(file.fd(), kName));
  const Faults faults(testing::Refuse("fremovexattr", EROFS));
  CHECK_FAILS(RemoveAttribute(file.fd(), kName), EROFS);
}

}  // namespace
}  // namespace xattr_cache
