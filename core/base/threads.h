// A fixed pool of threads that splits an index range; no allocation per call.
#pragma once

#include <memory>
#include <type_traits>

namespace undiffuse {

/// Owns num_threads - 1 workers; the calling thread is the remaining one. One caller at a time.
class ThreadPool {
 public:
  /// num_threads >= 1. With 1 (or in a build without threads) everything runs on the caller.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_threads() const;

  /// Calls task(i) once for each i in [0, count), on any thread, and returns when all are done.
  /// Which thread runs which i is not determined, so task(i) must not depend on it: that is what
  /// keeps results bit-identical on any number of threads.
  template <class Task>
  void parallel_for(int count, Task&& task) {
    run(
        count,
        [](void* context, int index) { (*static_cast<std::remove_reference_t<Task>*>(context))(index); },
        &task);
  }

 private:
  using Function = void (*)(void* context, int index);
  void run(int count, Function function, void* context);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace undiffuse
