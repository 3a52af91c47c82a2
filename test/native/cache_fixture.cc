#include "cache_fixture.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "core/private_name.h"
#include "core/writer_mark.h"
#include "posix/xattr.h"

namespace testing {

using namespace xattr_cache;

Cache::Cache(const std::string& root) : root_(root) {
  for (const char* part : {"incomplete", "invalid", "queue"}) ::mkdir(Path(part).c_str(), 0755);
  auto directory = CacheDirectory::Open(path().c_str());
  if (!directory.ok()) std::abort();
  directory_ = std::make_shared<const CacheDirectory>(std::move(directory.value()));
}

void Cache::AddImage(std::string_view id, std::string_view bytes, double seconds_ago) const {
  WriteFile(Path(id), bytes);
  SetAttribute(Path(id), kHitsAttribute, "0");
  MakeOlder(Path(id), seconds_ago);
}

Result<ImageWriter> Cache::Claim(std::string id) const {
  return ImageWriter::Claim(directory_, std::move(id), {});
}

std::string Cache::LeaveWriter(std::string_view id, std::string_view bytes, const std::string& boot_id) const {
  auto name = MakePrivateName();
  if (!name.ok()) std::abort();
  WriteFile(Path("incomplete/" + name.value()), bytes);
  // Marked before it can be seen, as the engine's are: a reaper may be at work.
  const std::string token = Path(".token-of-" + name.value());
  WriteFile(token, "");
  SetAttribute(token, kWriterAttribute, WriterMark{name.value(), boot_id}.Format());
  ::rename(token.c_str(), Path("incomplete/" + std::string(id)).c_str());
  return name.value();
}

std::string Cache::LeaveDeadWriter(std::string_view id, std::string_view bytes) const {
  return LeaveWriter(id, bytes, directory_->boot().id);
}

std::string Cache::LeaveWriterOfOtherBoot(std::string_view id, std::string_view bytes) const {
  return LeaveWriter(id, bytes, "otherone");
}

std::string Cache::DataNameOf(std::string_view id) const {
  const auto text = Attribute(Path("incomplete/" + std::string(id)), kWriterAttribute);
  const auto mark = text.has_value() ? WriterMark::Parse(*text) : std::nullopt;
  return mark.has_value() ? mark->data_name : "";
}

void Cache::Clear() const {
  for (const char* part : {"", "incomplete/", "invalid/", "queue/", ".xattr-cache/"}) {
    std::istringstream names(Names(Path(part)));
    for (std::string name; names >> name;) {
      if (name != "clock") ::unlink(Path(part + name).c_str());
    }
  }
}

void Cache::AgeIncomplete(double seconds) const {
  std::istringstream names(Names(Path("incomplete")));
  for (std::string name; names >> name;) MakeOlder(Path("incomplete/" + name), seconds);
}

StallRule ByAge(double stall_seconds) {
  StallRule rule;
  rule.stall_seconds = stall_seconds;
  rule.locks_work = false;
  return rule;
}

}  // namespace testing
