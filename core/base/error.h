// Errors of outside data as values, and asserts for mistakes of the programmer.
//
// The core never throws, prints or exits across its interface. Whatever comes from outside (a
// weights file, a settings string, an image) is answered with a Result; a broken precondition ends
// in the assert handler, which stays on in release builds.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace undiffuse {

/// One sentence for a person: what is wrong and what to do about it.
struct Error {
  std::string message;
};

/// A value or an Error. Reading the value of a failed Result is a programmer's error (assert).
template <class T>
class [[nodiscard]] Result;

/// The value of a Result that has none to give.
struct Ok {};
using Status = Result<Ok>;

using AssertHandler = void (*)(const char* condition, const char* file, int line);

/// Replaces what a failed assert calls; the default traps. A handler that returns goes on to trap.
void set_assert_handler(AssertHandler handler);

[[noreturn]] void assert_failed(const char* condition, const char* file, int line);

#define UNDIFFUSE_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::undiffuse::assert_failed(#condition, __FILE__, __LINE__))

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  T& value() {
    UNDIFFUSE_ASSERT(ok());
    return *std::get_if<T>(&state_);
  }
  const T& value() const {
    UNDIFFUSE_ASSERT(ok());
    return *std::get_if<T>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    UNDIFFUSE_ASSERT(!ok());
    return *std::get_if<Error>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace undiffuse
