// A model call allocates nothing, on whatever thread: it sits in the loop of a real-time animation.
//
// Counts by replacing operator new for the whole test binary; the engine allocates by no other way.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "support/run_graph.h"

namespace {
std::atomic<long> allocations{0};

void* allocate(std::size_t size) {
  allocations.fetch_add(1);
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  std::abort();
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  allocations.fetch_add(1);
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit) / unit * unit)) return memory;
  std::abort();
}
}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace undiffuse {
namespace {

TEST(Allocation, TheCounterCounts) {
  const long before = allocations.load();
  std::vector<float> memory(static_cast<size_t>(100));
  memory.resize(1000);
  EXPECT_EQ(allocations.load() - before, 2);
}

TEST(Allocation, NoneInAModelCall) {
  const Graph graph = tiny_graph({.blocks = 2});
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    CpuEngine engine(graph, 4, pool);
    for (const int images : {1, 4, 3}) {
      const Batch batch = random_batch(graph, images, 1);
      std::vector<float> raw(static_cast<size_t>(images * graph.output.image_size()));
      const long before = allocations.load();
      for (int call = 0; call < 3; ++call) engine.run(batch.inputs(), raw);
      EXPECT_EQ(allocations.load() - before, 0) << threads << " threads, " << images << " images";
    }
  }
}

}  // namespace
}  // namespace undiffuse
