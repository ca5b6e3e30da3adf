#include "core/base/error.h"

#include <atomic>

namespace undiffuse {
namespace {

void ignore(const char*, const char*, int) {}

std::atomic<AssertHandler> assert_handler{ignore};

}  // namespace

void set_assert_handler(AssertHandler handler) { assert_handler = handler ? handler : ignore; }

void assert_failed(const char* condition, const char* file, int line) {
  assert_handler.load()(condition, file, line);
  __builtin_trap();
}

}  // namespace undiffuse
