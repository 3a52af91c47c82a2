#include "core/writer_mark.h"

#include <string>

#include "faults.h"
#include "files.h"
#include "harness.h"
#include "posix/xattr.h"

namespace xattr_cache {
namespace {

TEST("a mark – written – is read back") {
  const WriterMark mark{".d-0123456789abcdef", "89abcdef"};
  CHECK_EQ(mark.Format(), ".d-0123456789abcdef 89abcdef");
  const auto parsed = WriterMark::Parse(mark.Format());
  CHECK(parsed.has_value());
  CHECK_EQ(parsed->data_name, mark.data_name);
  CHECK_EQ(parsed->boot_id, mark.boot_id);
}

TEST("a mark – with a length – is read back with it") {
  const WriterMark mark{".d-0123456789abcdef", "89abcdef", 5'000'000'000};
  CHECK_EQ(mark.Format(), ".d-0123456789abcdef 89abcdef 5000000000");
  CHECK_EQ(WriterMark::Parse(mark.Format())->boot_id, "89abcdef");
  CHECK(WriterMark::Parse(mark.Format())->length == 5'000'000'000);
}

TEST("a mark – with a length that is no number – has none") {
  for (const std::string length : {"", " ", " x", " -1", " 1x", " 99999999999999999999999", " 1 2"}) {
    const auto mark = WriterMark::Parse(".d-0123456789abcdef 89abcdef" + length);
    CHECK(mark.has_value());
    CHECK_EQ(mark->boot_id, "89abcdef");
    CHECK(!mark->length.has_value());
  }
}

TEST("a mark – would unlink another file – is none") {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, " "sv, "x"sv, ".d-0123456789abcdef"sv, "boot .d-0123456789abcdef"sv, "../../etc/passwd 89abcdef"sv,
        "image 89abcdef"sv, ".d- 89abcdef"sv, ".d-0123456789abcde 89abcdef"sv, ".d-0123456789abcdef0 89abcdef"sv,
        ".d-0123456789abcdeF 89abcdef"sv, ".d-0123456789abcd/f 89abcdef"sv, ".d-../456789abcdef 89abcdef"sv,
        ".d-0123456789abcde\0 89abcdef"sv, " .d-0123456789abcdef 89abcdef"sv, ".D-0123456789abcdef 89abcdef"sv}) {
    if (WriterMark::Parse(text).has_value()) testing::Fail(__FILE__, __LINE__, testing::Show(text) + " is a mark");
  }
}

TEST("a mark – on a file – is read, and is none if it is not ours") {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/token";
  testing::WriteFile(path, "");
  const testing::OpenFile token(path);
  CHECK(!WriterMark::Read(token.fd()).value().has_value());
  testing::SetAttribute(path, kWriterAttribute, "another program's");
  CHECK(!WriterMark::Read(token.fd()).value().has_value());
  testing::SetAttribute(path, kWriterAttribute, ".d-0123456789abcdef boot");
  CHECK_EQ(WriterMark::Read(token.fd()).value()->boot_id, "boot");
  const testing::Faults faults(testing::Refuse("fgetxattr", EIO));
  CHECK_FAILS(WriterMark::Read(token.fd()), EIO);
}

}  // namespace
}  // namespace xattr_cache
