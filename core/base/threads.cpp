#include "core/base/threads.h"

#include "core/base/error.h"

#if defined(__EMSCRIPTEN__) && !defined(__EMSCRIPTEN_PTHREADS__)
#define UNDIFFUSE_THREADS 0
#else
#define UNDIFFUSE_THREADS 1
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
#endif

namespace undiffuse {

#if UNDIFFUSE_THREADS

struct ThreadPool::State {
  std::vector<std::thread> workers;

  // The task at hand; written by the caller before `generation` moves on.
  Function function = nullptr;
  void* context = nullptr;
  int count = 0;
  std::atomic<int> next{0};     // index to take
  std::atomic<int> working{0};  // workers that have not finished this generation

  std::atomic<unsigned> generation{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable wake;

  void take_indices() {
    for (int i = next.fetch_add(1); i < count; i = next.fetch_add(1)) function(context, i);
  }

  // A model call hands over about forty tasks a millisecond: looking for the next one a while before
  // sleeping saves a system call each.
  void wait_for_change(unsigned seen) {
    constexpr int kLooks = 2000;
    for (int i = 0; i < kLooks; ++i) {
      if (generation.load() != seen) return;
      std::this_thread::yield();
    }
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return generation.load() != seen; });
  }

  void work() {
    unsigned seen = 0;
    while (true) {
      wait_for_change(seen);
      seen = generation.load();
      if (stop) return;
      take_indices();
      working.fetch_sub(1);
    }
  }

  void announce() {
    {
      const std::lock_guard lock(mutex);
      generation.fetch_add(1);
    }
    wake.notify_all();
  }
};

ThreadPool::ThreadPool(int num_threads) : state_(std::make_unique<State>()) {
  UNDIFFUSE_ASSERT(num_threads >= 1);
  for (int i = 1; i < num_threads; ++i)
    state_->workers.emplace_back([state = state_.get()] { state->work(); });
}

ThreadPool::~ThreadPool() {
  state_->stop = true;
  state_->announce();
  for (std::thread& worker : state_->workers) worker.join();
}

int ThreadPool::num_threads() const { return static_cast<int>(state_->workers.size()) + 1; }

void ThreadPool::run(int count, Function function, void* context) {
  State& state = *state_;
  if (count <= 1 || state.workers.empty()) {
    for (int i = 0; i < count; ++i) function(context, i);
    return;
  }
  state.function = function;
  state.context = context;
  state.count = count;
  state.next = 0;
  state.working = static_cast<int>(state.workers.size());
  state.announce();
  state.take_indices();
  while (state.working.load() != 0) std::this_thread::yield();
}

#else

struct ThreadPool::State {};

ThreadPool::ThreadPool(int num_threads) { UNDIFFUSE_ASSERT(num_threads >= 1); }
ThreadPool::~ThreadPool() = default;
int ThreadPool::num_threads() const { return 1; }

void ThreadPool::run(int count, Function function, void* context) {
  for (int i = 0; i < count; ++i) function(context, i);
}

#endif

}  // namespace undiffuse
