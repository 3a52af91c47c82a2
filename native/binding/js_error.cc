#include "binding/js_error.h"

#include <string>
#include <system_error>

namespace xattr_cache::binding {

namespace {

// The errors that our system calls report; anything else shows its number.
// strerrorname_np(3) would do, but musl and macOS lack it.
std::string ErrnoName(int code) {
  switch (code) {
    case EACCES:
      return "EACCES";
    case EAGAIN:
      return "EAGAIN";
    case EBADF:
      return "EBADF";
    case EBADMSG:
      return "EBADMSG";
    case EBUSY:
      return "EBUSY";
    case EDQUOT:
      return "EDQUOT";
    case EEXIST:
      return "EEXIST";
    case EFBIG:
      return "EFBIG";
    case EINTR:
      return "EINTR";
    case EINVAL:
      return "EINVAL";
    case EIO:
      return "EIO";
    case EISDIR:
      return "EISDIR";
    case ELOOP:
      return "ELOOP";
    case EMFILE:
      return "EMFILE";
    case ENAMETOOLONG:
      return "ENAMETOOLONG";
    case ENFILE:
      return "ENFILE";
    case ENODATA:
      return "ENODATA";
    case ENODEV:
      return "ENODEV";
    case ENOENT:
      return "ENOENT";
    case ENOLCK:
      return "ENOLCK";
    case ENOMEM:
      return "ENOMEM";
    case ENOSPC:
      return "ENOSPC";
    case ENOSYS:
      return "ENOSYS";
    case ENOTDIR:
      return "ENOTDIR";
    case ENOTSUP:
      return "EOPNOTSUPP";
    case ENXIO:
      return "ENXIO";
    case EOVERFLOW:
      return "EOVERFLOW";
    case EPERM:
      return "EPERM";
    case ERANGE:
      return "ERANGE";
    case EROFS:
      return "EROFS";
    case ESTALE:
      return "ESTALE";
    case ETIMEDOUT:
      return "ETIMEDOUT";
    case EXDEV:
      return "EXDEV";
    case E2BIG:
      return "E2BIG";
    default:
      return std::to_string(code).insert(0, 1, 'E');
  }
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
  return js_error;
}

}  // namespace xattr_cache::binding
