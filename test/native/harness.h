// The test framework: no more than these tests need, so that g++ and make are enough to run them.
//
//   TEST("a free lock is taken") {
//     CHECK_OK(FileLock::TryAcquire(fd));
//     CHECK_EQ(count, 3);
//   }
//
// A failed check prints its place and the values, and returns from its function.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "posix/result.h"

namespace testing {

struct Test {
  const char* file;
  const char* name;
  void (*body)();
};
bool Register(const Test& test);

// Marks the running test as failed.
void Fail(const char* file, int line, const std::string& what);
// Marks it as skipped: this machine, or this user, lacks what it needs.
void Skip(const std::string& reason);

std::string Describe(const xattr_cache::SysError& error);

template <typename T>
std::string Show(const T& value) {
  if constexpr (std::is_convertible_v<T, std::string_view>) {
    return '"' + std::string(std::string_view(value)) + '"';
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<long long>(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(value);
  } else {
    return value.has_value() ? Show(*value) : "nothing";
  }
}

template <typename A, typename B>
bool Equal(const A& a, const B& b) {
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B> && !std::is_same_v<A, bool>) {
    return std::cmp_equal(a, b);
  } else if constexpr (std::is_convertible_v<A, std::string_view> && std::is_convertible_v<B, std::string_view>) {
    return std::string_view(a) == std::string_view(b);
  } else {
    return a == b;
  }
}

template <typename A, typename B>
bool CheckEqual(const char* file, int line, const char* text, const A& actual, const B& expected) {
  if (Equal(actual, expected)) return true;
  Fail(file, line, std::string(text) + " is " + Show(actual) + ", not " + Show(expected));
  return false;
}

template <typename T>
bool CheckOk(const char* file, int line, const char* text, const xattr_cache::Result<T>& result) {
  if (result.ok()) return true;
  Fail(file, line, std::string(text) + " failed with " + Describe(result.error()));
  return false;
}

template <typename T>
bool CheckFails(const char* file, int line, const char* text, const xattr_cache::Result<T>& result, int code) {
  if (result.failed_with(code)) return true;
  const std::string outcome = result.ok() ? "succeeded" : "failed with " + Describe(result.error());
  Fail(file, line, std::string(text) + ' ' + outcome + ", not failed with " + Describe({code, "it"}));
  return false;
}

}  // namespace testing

#define TEST_JOIN_(a, b) a##b
#define TEST_NAMED_(function, sentence)                                  \
  static void function();                                                \
  [[maybe_unused]] static const bool TEST_JOIN_(function, _registered) = \
      ::testing::Register({__FILE__, sentence, function});               \
  static void function()
#define TEST_AT_(line, sentence) TEST_NAMED_(TEST_JOIN_(Test, line), sentence)
#define TEST(sentence) TEST_AT_(__LINE__, sentence)

#define CHECK_THAT_(check) \
  do {                     \
    if (!(check)) return;  \
  } while (false)
#define CHECK(condition) CHECK_THAT_(::testing::CheckEqual(__FILE__, __LINE__, #condition, bool{condition}, true))
#define CHECK_EQ(actual, expected) CHECK_THAT_(::testing::CheckEqual(__FILE__, __LINE__, #actual, actual, expected))
#define CHECK_OK(result) CHECK_THAT_(::testing::CheckOk(__FILE__, __LINE__, #result, result))
#define CHECK_FAILS(result, code) CHECK_THAT_(::testing::CheckFails(__FILE__, __LINE__, #result, result, code))
