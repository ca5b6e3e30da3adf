// The CPU engine: a graph compiled once, run many times.
#pragma once

#include <memory>

#include "core/base/threads.h"
#include "core/network/engine.h"
#include "core/network/graph.h"

namespace undiffuse {

class CpuEngine final : public Engine {
 public:
  /// Packs the weights and lays out one arena for max_batch images. The graph may go afterwards;
  /// the pool must outlive the engine.
  CpuEngine(const Graph& graph, int max_batch, ThreadPool& pool);
  ~CpuEngine() override;

  int max_batch() const override;
  void run(const ModelInputs& inputs, std::span<float> raw) override;

  /// The same call, as far as this buffer: its values, [B, height, width, channels], to the bit those that
  /// run() computes on its way. The arena is read as soon as the buffer is written, before it is reused, so
  /// this takes no memory of its own.
  void run_to(BufferId buffer, const ModelInputs& inputs, std::span<float> out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace undiffuse
