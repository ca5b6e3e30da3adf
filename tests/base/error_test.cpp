#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>

namespace undiffuse {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error{"odd: halve an even number"};
  return value / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = half(6), bad = half(7);
  EXPECT_TRUE(good);
  EXPECT_EQ(*good, 3);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().message, "odd: halve an even number");
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<std::string>> result = std::make_unique<std::string>("moved");
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->size(), 5u);
  const std::unique_ptr<std::string> taken = std::move(*result);
  EXPECT_EQ(*taken, "moved");
}

Status check(bool good) {
  if (!good) return Error{"not good"};
  return Ok{};
}

TEST(Result, StatusIsOkOrAnError) {
  EXPECT_TRUE(check(true).ok());
  EXPECT_FALSE(check(false).ok());
}

#if GTEST_HAS_DEATH_TEST
void say(const char* condition, const char*, int) { std::fprintf(stderr, "broken: %s\n", condition); }

// Asserts stay on in release builds, and the handler hears of them before the program stops.
TEST(AssertDeathTest, TellsTheHandlerAndTraps) {
  EXPECT_DEATH(
      {
        set_assert_handler(say);
        UNDIFFUSE_ASSERT(1 + 1 == 3);
      },
      "broken: 1 \\+ 1 == 3");
}

TEST(AssertDeathTest, TheValueOfAnErrorTraps) {
  set_assert_handler(nullptr);
  EXPECT_DEATH(half(1).value(), "");
}
#endif

}  // namespace
}  // namespace undiffuse
