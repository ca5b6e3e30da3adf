// Time of a model call on this machine: engine_bench WEIGHTS [--json]
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>
#include <vector>

#include "core/base/random.h"
#include "core/network/cpu_engine.h"
#include "core/run/model.h"

namespace {

using namespace undiffuse;

struct Timing {
  int batch = 1, threads = 1;
  double min_ms = 0, median_ms = 0;  // of a call on the whole batch
};

std::vector<std::byte> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

double milliseconds_of(CpuEngine& engine, const ModelInputs& inputs, std::span<float> raw) {
  const auto begin = std::chrono::steady_clock::now();
  engine.run(inputs, raw);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// Half a second of calls, at least ten, after some to warm up caches, clocks and threads.
Timing measure(const Graph& graph, int batch, int threads) {
  constexpr double kTotalMs = 500;
  constexpr size_t kMinCalls = 10;
  ThreadPool pool(threads);
  CpuEngine engine(graph, batch, pool);
  const auto images = static_cast<size_t>(batch);
  std::vector<float> x(images * static_cast<size_t>(graph.input.image_size()));
  fill_normal(x, 1, 0, 0, Purpose::Start);
  const std::vector<float> t(images, 500);
  const std::vector<int> label(images, 0);
  std::vector<float> raw(images * static_cast<size_t>(graph.output.image_size()));
  const ModelInputs inputs{x, t, label};
  for (int i = 0; i < 5; ++i) engine.run(inputs, raw);
  std::vector<double> times;
  for (double total = 0; total < kTotalMs || times.size() < kMinCalls; total += times.back()) {
    times.push_back(milliseconds_of(engine, inputs, raw));
  }
  std::sort(times.begin(), times.end());
  return {batch, threads, times.front(), times[times.size() / 2]};
}

// 1, 2, 4, ... and the machine's own number.
std::set<int> thread_counts() {
  const int most = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::set<int> counts = {most};
  for (int threads = 1; threads < most; threads *= 2) counts.insert(threads);
  return counts;
}

void print(const std::vector<Timing>& timings, double flops, bool json) {
  if (json) std::printf("{\"mflop_per_image\":%.3f,\"runs\":[", flops / 1e6);
  if (!json)
    std::printf("%.1f MFLOP per image\nbatch threads  min ms  median ms  GFLOP/s (min)\n", flops / 1e6);
  for (const Timing& timing : timings) {
    const double rate = flops * timing.batch / timing.min_ms / 1e6;
    const char* format =
        json ? "%s{\"batch\":%d,\"threads\":%d,\"min_ms\":%.4f,\"median_ms\":%.4f,\"gflops\":%.2f}"
             : "%s%5d %7d %7.3f %10.3f %14.1f\n";
    std::printf(format, json && &timing != timings.data() ? "," : "", timing.batch, timing.threads,
                timing.min_ms, timing.median_ms, rate);
  }
  if (json) std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  const bool json = argc == 3 && std::strcmp(argv[2], "--json") == 0;
  if (argc != 2 && !json) {
    std::fprintf(stderr, "usage: engine_bench WEIGHTS [--json]\n");
    return 2;
  }
  const Result<Model> model = load_model(read_file(argv[1]));
  if (!model) {
    std::fprintf(stderr, "%s: %s\n", argv[1], model.error().message.c_str());
    return 1;
  }
  std::vector<Timing> timings;
  for (const int batch : {1, 16}) {
    for (const int threads : thread_counts()) timings.push_back(measure(model->graph, batch, threads));
  }
  print(timings, model->graph.flops(), json);
  return 0;
}
