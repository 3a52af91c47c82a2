#include "binding/js_error.h"

#include <string>
#include <system_error>

namespace xattr_cache::binding {

namespace {

struct Name {
  int code;
  const char* name;
};

// The errors that our system calls report; anything else shows its number.
// strerrorname_np(3) would do, but musl and macOS lack it.
constexpr Name kNames[] = {
    {EACCES, "EACCES"},
    {EAGAIN, "EAGAIN"},
    {EBADF, "EBADF"},
    {EBADMSG, "EBADMSG"},
    {EBUSY, "EBUSY"},
    {EDQUOT, "EDQUOT"},
    {EEXIST, "EEXIST"},
    {EFBIG, "EFBIG"},
    {EINTR, "EINTR"},
    {EINVAL, "EINVAL"},
    {EIO, "EIO"},
    {EISDIR, "EISDIR"},
    {ELOOP, "ELOOP"},
    {EMFILE, "EMFILE"},
    {ENAMETOOLONG, "ENAMETOOLONG"},
    {ENFILE, "ENFILE"},
    {ENODATA, "ENODATA"},
    {ENODEV, "ENODEV"},
    {ENOENT, "ENOENT"},
    {ENOLCK, "ENOLCK"},
    {ENOMEM, "ENOMEM"},
    {ENOSPC, "ENOSPC"},
    {ENOSYS, "ENOSYS"},
    {ENOTDIR, "ENOTDIR"},
    {ENOTSUP, "EOPNOTSUPP"},
    {ENXIO, "ENXIO"},
    {EOVERFLOW, "EOVERFLOW"},
    {EPERM, "EPERM"},
    {EPROTONOSUPPORT, "EPROTONOSUPPORT"},
    {ERANGE, "ERANGE"},
    {EROFS, "EROFS"},
    {ESTALE, "ESTALE"},
    {ETIMEDOUT, "ETIMEDOUT"},
    {EXDEV, "EXDEV"},
    {E2BIG, "E2BIG"},
};

std::string ErrnoName(int code) {
  for (const Name& each : kNames) {
    if (each.code == code) return each.name;
  }
  return std::to_string(code).insert(0, 1, 'E');
}

}  // namespace

Napi::Error ToJsError(Napi::Env env, const SysError& error) {
  const std::string code = ErrnoName(error.code);
  std::string message = code;
  message.append(": ").append(std::generic_category().message(error.code)).append(", ").append(error.syscall);

  Napi::Error js_error = Napi::Error::New(env, message);
  js_error.Set("code", Napi::String::New(env, code));
  js_error.Set("errno", Napi::Number::New(env, -error.code));
  js_error.Set("syscall", Napi::String::New(env, error.syscall));
  if (error.file != nullptr) js_error.Set("path", Napi::String::New(env, *error.file));
  return js_error;
}

}  // namespace xattr_cache::binding
