#include "core/base/threads.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace undiffuse {
namespace {

// Plain integers on purpose: two threads at one index, or a return before the last task ended, is a
// data race that the thread sanitizer sees even where the sum comes out right.
void expect_each_index_once(ThreadPool& pool, int count) {
  std::vector<int> visits(static_cast<size_t>(count), 0);
  pool.parallel_for(count, [&](int i) { ++visits[static_cast<size_t>(i)]; });
  for (int i = 0; i < count; ++i) ASSERT_EQ(visits[static_cast<size_t>(i)], 1) << i << " of " << count;
}

TEST(ThreadPool, EveryIndexExactlyOnce) {
  for (const int threads : {1, 2, 3, 4, 7}) {
    ThreadPool pool(threads);
    for (const int count : {0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 63, 64, 100, 1000, 12345}) {
      ASSERT_NO_FATAL_FAILURE(expect_each_index_once(pool, count)) << threads;
    }
  }
}

TEST(ThreadPool, ManyShortRunsInARow) {
  ThreadPool pool(3);
  int sum = 0;
  for (int run = 0; run < 20000; ++run) {
    int parts[5] = {};
    pool.parallel_for(2 + run % 4, [&](int i) { parts[i] = i + 1; });
    for (const int part : parts) sum += part;
  }
  EXPECT_EQ(sum, 5000 * (3 + 6 + 10 + 15));
}

// Long enough between runs for the workers to have gone to sleep: a lost wake-up hangs here.
TEST(ThreadPool, WakesSleepingWorkers) {
  ThreadPool pool(4);
  for (int run = 0; run < 40; ++run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(run % 8));
    ASSERT_NO_FATAL_FAILURE(expect_each_index_once(pool, 50));
  }
}

TEST(ThreadPool, UnevenTasks) {
  ThreadPool pool(3);
  std::vector<double> sums(40);
  pool.parallel_for(40, [&](int i) {
    double sum = 0;
    for (int k = 0; k < i * i * 20; ++k) sum += k;
    sums[static_cast<size_t>(i)] = sum;
  });
  for (int i = 0; i < 40; ++i) {
    const double n = i * i * 20;
    ASSERT_EQ(sums[static_cast<size_t>(i)], n > 0 ? n * (n - 1) / 2 : 0) << i;
  }
}

TEST(ThreadPool, ComesAndGoes) {
  for (int i = 0; i < 200; ++i) {
    ThreadPool pool(1 + i % 5);
    ASSERT_NO_FATAL_FAILURE(expect_each_index_once(pool, i % 7));
  }
}

#if !defined(__EMSCRIPTEN__) || defined(__EMSCRIPTEN_PTHREADS__)
TEST(ThreadPool, TwoPoolsAtOnce) {
  ThreadPool first(2), second(3);
  std::thread other([&] {
    for (int run = 0; run < 500; ++run) expect_each_index_once(second, 20);
  });
  for (int run = 0; run < 500; ++run) expect_each_index_once(first, 20);
  other.join();
}

TEST(ThreadPool, SaysItsSize) { EXPECT_EQ(ThreadPool(3).num_threads(), 3); }
#endif

TEST(ThreadPool, OneIsTheCaller) {
  EXPECT_EQ(ThreadPool(1).num_threads(), 1);
  const std::thread::id caller = std::this_thread::get_id();
  ThreadPool(1).parallel_for(5, [&](int) { EXPECT_EQ(std::this_thread::get_id(), caller); });
}

}  // namespace
}  // namespace undiffuse
