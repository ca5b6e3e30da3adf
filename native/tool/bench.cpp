// undiffuse bench: how long this machine takes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "core/base/random.h"
#include "core/network/cpu_engine.h"
#include "core/run/model.h"
#include "core/run/session.h"
#include "native/tool/command.h"
#include "native/tool/interrupt.h"
#include "native/tool/options.h"

namespace undiffuse {
namespace {

constexpr int kBatches[] = {1, 16};

struct BenchOptions {
  std::string model = Settings().model;
  int threads = 0;  // 0: 1, 2, 4, ... and the machine's
  double seconds = 0.5;
  bool json = false;
};

struct Times {
  double min_ms = 0, median_ms = 0;
};
struct Timing {
  int batch = 1, threads = 1;
  Times call;  // of the network, on the whole batch
  Times step;  // of a reverse step with guidance, which takes two calls
};

// At least ten times and for as long as asked, after some to warm up caches, clocks and threads.
template <class Work>
Times measure(double seconds, Work work) {
  constexpr size_t kMinimum = 10, kWarm = 3;
  for (size_t i = 0; i < kWarm; ++i) work();
  std::vector<double> times;
  for (double total = 0; (total < seconds * 1e3 || times.size() < kMinimum) && !interrupted();
       total += times.back()) {
    const auto began = std::chrono::steady_clock::now();
    work();
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  if (times.empty()) return {};
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2]};
}

Times measure_call(const Graph& graph, int batch, int threads, double seconds) {
  ThreadPool pool(threads);
  CpuEngine engine(graph, batch, pool);
  const auto images = static_cast<size_t>(batch);
  std::vector<float> x(images * static_cast<size_t>(graph.input.image_size()));
  fill_normal(x, 1, 0, 0, Purpose::Start);
  const std::vector<float> t(images, 500);
  const std::vector<int> label(images, 0);
  std::vector<float> raw(images * static_cast<size_t>(graph.output.image_size()));
  return measure(seconds, [&] { engine.run({x, t, label}, raw); });
}

// Steps of a long run, one after the other.
Times measure_step(std::span<const std::byte> file, int batch, int threads, double seconds) {
  Session session({.threads = threads, .images_per_slice = batch});
  const Status opened = session.open_model(file);
  UNDIFFUSE_ASSERT(opened.ok());
  Settings settings;
  settings.images = batch;
  settings.steps = session.model().trained.num_steps();
  session.apply(ParsedSettings{settings, {}});
  int step = 0;
  return measure(seconds, [&] {
    if (step == session.num_steps()) {
      session.reseed(session.settings().seed + 1);
      step = 0;
    }
    session.compute(step++);
  });
}

std::set<int> thread_counts(const BenchOptions& options) {
  if (options.threads > 0) return {options.threads};
  const int most = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::set<int> counts = {most};
  for (int threads = 1; threads < most; threads *= 2) counts.insert(threads);
  return counts;
}

double gflops(const Graph& graph, const Timing& timing) {
  return graph.flops() * timing.batch / timing.call.min_ms / 1e6;
}

void print_text(const Graph& graph, const std::vector<Timing>& timings) {
  std::printf("%.1f MFLOP per image and call; the shortest and the median time, in ms\n",
              graph.flops() / 1e6);
  std::printf("batch threads   call  median    step  median  GFLOP/s\n");
  for (const Timing& timing : timings) {
    std::printf("%5d %7d %6.2f %7.2f %7.2f %7.2f %8.1f\n", timing.batch, timing.threads, timing.call.min_ms,
                timing.call.median_ms, timing.step.min_ms, timing.step.median_ms, gflops(graph, timing));
  }
}

void print_json(const Graph& graph, const std::vector<Timing>& timings) {
  nlohmann::ordered_json json = {{"mflop_per_image", graph.flops() / 1e6}};
  const auto of = [](const Times& times) {
    return nlohmann::ordered_json{{"min_ms", times.min_ms}, {"median_ms", times.median_ms}};
  };
  for (const Timing& timing : timings) {
    json["runs"].push_back({{"batch", timing.batch},
                            {"threads", timing.threads},
                            {"call", of(timing.call)},
                            {"step", of(timing.step)},
                            {"gflops", gflops(graph, timing)}});
  }
  std::printf("%s\n", json.dump().c_str());
}

Status bench(const BenchOptions& options) {
  const auto file = read_model(options.model);
  if (!file) return file.error();
  const Result<Model> model = load_model(*file);
  if (!model) return Error{options.model + ": " + model.error().message};
  std::vector<Timing> timings;
  for (const int batch : kBatches) {
    for (const int threads : thread_counts(options)) {
      timings.push_back({batch, threads, measure_call(model->graph, batch, threads, options.seconds),
                         measure_step(*file, batch, threads, options.seconds)});
      if (interrupted()) return stopped();
    }
  }
  options.json ? print_json(model->graph, timings) : print_text(model->graph, timings);
  return Ok{};
}

}  // namespace

Command add_bench(CLI::App& tool) {
  CLI::App* app = tool.add_subcommand("bench", "Times a network call and a reverse step on this machine.");
  const auto options = std::make_shared<BenchOptions>();
  add_model(*app, options->model);
  app->add_option("--threads", options->threads, "One number of threads (default: 1, 2, 4, ... and all).")
      ->check(within(1, 256));
  app->add_option("--seconds", options->seconds, "How long each is repeated.")
      ->check(within(0.0, 60.0))
      ->capture_default_str();
  app->add_flag("--json", options->json, "As JSON.");
  app->footer("A step is an ancestral one with guidance: two network calls, and the transition.");
  return {app, [options] { return bench(*options); }};
}

}  // namespace undiffuse
