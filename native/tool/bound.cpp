// undiffuse bound: how many bits a model needs for images of a data set.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/network/cpu_engine.h"
#include "core/run/bound_estimate.h"
#include "core/run/model.h"
#include "native/files/files.h"
#include "native/tool/command.h"
#include "native/tool/idx.h"
#include "native/tool/interrupt.h"
#include "native/tool/options.h"
#include "native/tool/progress.h"

namespace undiffuse {
namespace {

constexpr int kBatch = 16;

struct BoundOptions {
  std::string model = Settings().model;
  std::string images, labels;
  int count = 16;
  int steps = 0;  // 0: all of the model's
  std::uint32_t seed = 1;
  int threads = 1;
  bool json = false;
};

struct TestImages {
  std::vector<float> x0;    // [count, height, width, channels]
  std::vector<int> labels;  // [count]
};

struct NamedVariance {
  const char* name;
  Variance variance;
};
constexpr NamedVariance kVariances[] = {{"learned", Variance::Learned},
                                        {"fixed-small", Variance::FixedSmall},
                                        {"fixed-large", Variance::FixedLarge}};

Error in_file(const std::string& path, const Error& error) { return {path + ": " + error.message}; }

// Grey images have no channels in their shape.
bool fits(const IdxArray& images, const Shape& image) {
  std::vector<int> shape = images.shape;
  if (shape.size() == 3) shape.push_back(1);
  return shape.size() == 4 && shape[1] == image.height && shape[2] == image.width &&
         shape[3] == image.channels;
}

Status read_images(const BoundOptions& options, const ModelInfo& info, TestImages& into) {
  const auto file = read_file(options.images);
  if (!file) return file.error();
  const Result<IdxArray> images = parse_idx(*file);
  if (!images) return in_file(options.images, images.error());
  if (!fits(*images, info.image)) {
    return Error{options.images + ": its images are not of the model's size, " +
                 std::to_string(info.image.height) + " x " + std::to_string(info.image.width) + " x " +
                 std::to_string(info.image.channels) + "."};
  }
  const auto count = static_cast<size_t>(std::min(options.count, images->shape[0]));
  for (const std::byte level : images->values.first(count * static_cast<size_t>(info.image.image_size()))) {
    into.x0.push_back(info.range.value_of(static_cast<double>(level)));
  }
  into.labels.assign(count, info.num_classes());
  return Ok{};
}

Status read_labels(const BoundOptions& options, const ModelInfo& info, TestImages& into) {
  if (options.labels.empty()) return Ok{};
  const auto file = read_file(options.labels);
  if (!file) return file.error();
  const Result<IdxArray> labels = parse_idx(*file);
  if (!labels) return in_file(options.labels, labels.error());
  if (labels->shape.size() != 1 || labels->values.size() < into.labels.size()) {
    return Error{options.labels + ": it has no label for each of the images."};
  }
  if (info.num_classes() == 0) return Error{"This model has no classes: leave --labels out."};
  for (size_t i = 0; i < into.labels.size(); ++i) {
    into.labels[i] = static_cast<int>(labels->values[i]);
    if (into.labels[i] >= info.num_classes()) {
      return Error{options.labels + ": it has a label " + std::to_string(into.labels[i]) +
                   ", and the model's classes are 0 to " + std::to_string(info.num_classes() - 1) + "."};
    }
  }
  return Ok{};
}

// Part of the sum: the terms of some times.
struct Share {
  std::string name;
  int last_t = 0;
  double bits = 0;
};

// By times, as most of the bound sits at the last ones; few steps leave some out.
std::vector<Share> shares_of(const BoundEstimate& estimate, const BoundSummary& summary) {
  const int all = estimate.trajectory().front().t;
  std::vector<Share> shares = {
      {"t=1", 1}, {"t=2..10", 10}, {"t=11..100", 100}, {"t=101.." + std::to_string(all), all}};
  for (int step = 0; step < estimate.num_steps(); ++step) {
    const int t = estimate.trajectory()[static_cast<size_t>(step)].t;
    const auto share =
        std::find_if(shares.begin(), shares.end(), [&](const Share& to) { return t <= to.last_t; });
    share->bits += summary.terms[static_cast<size_t>(step)];
  }
  std::erase_if(shares, [](const Share& share) { return share.bits == 0; });
  return shares;
}

void print_text(const BoundEstimate& estimate, const ModelInfo& info) {
  bool heading = true;
  for (const NamedVariance& row : kVariances) {
    if (row.variance == Variance::Learned && !info.learned_variance) continue;
    const BoundSummary summary = estimate.summary(row.variance);
    const std::vector<Share> shares = shares_of(estimate, summary);
    if (heading) {
      std::printf("%-12s %9s %9s %9s", "variance", "bits/dim", "+-", "prior");
      for (const Share& share : shares) std::printf(" %12s", share.name.c_str());
      std::printf("\n");
    }
    heading = false;
    std::printf("%-12s %9.4f %9.4f %9.1e", row.name, summary.bits_per_dim, summary.standard_error,
                summary.prior);
    for (const Share& share : shares) std::printf(" %12.4f", share.bits);
    std::printf("\n");
  }
}

void print_json(const BoundEstimate& estimate, const ModelInfo& info, size_t images) {
  nlohmann::ordered_json json = {{"model", info.name}, {"images", images}, {"steps", estimate.num_steps()}};
  for (const NamedVariance& row : kVariances) {
    if (row.variance == Variance::Learned && !info.learned_variance) continue;
    const BoundSummary summary = estimate.summary(row.variance);
    json["bound"][row.name] = {{"bits_per_dim", summary.bits_per_dim},
                               {"standard_error", summary.standard_error},
                               {"prior", summary.prior},
                               {"terms", summary.terms}};
  }
  std::printf("%s\n", json.dump().c_str());
}

Status bound(const BoundOptions& options) {
  const auto file = read_model(options.model);
  if (!file) return file.error();
  const Result<Model> model = load_model(*file);
  if (!model) return in_file(options.model, model.error());
  TestImages images;
  if (Status read = read_images(options, model->info, images); !read) return read;
  if (Status read = read_labels(options, model->info, images); !read) return read;
  const int all = model->info.trained.num_steps();
  if (options.steps > all) return Error{"--steps: this model has " + std::to_string(all) + "."};

  ThreadPool pool(options.threads);
  CpuEngine engine(model->graph, kBatch, pool);
  BoundEstimate estimate(model->info, engine, images.x0, images.labels,
                         options.steps > 0 ? options.steps : all, options.seed);
  {
    Progress progress("terms", estimate.num_steps());
    for (int step = 0; step < estimate.num_steps(); ++step) {
      if (interrupted()) return stopped();
      estimate.add_step(step);
      progress.show(step + 1);
    }
  }
  if (options.json) print_json(estimate, model->info, images.labels.size());
  if (!options.json) print_text(estimate, model->info);
  return Ok{};
}

}  // namespace

Command add_bound(CLI::App& tool) {
  CLI::App* app =
      tool.add_subcommand("bound", "The variational bound of a model on images, in bits per dimension.");
  const auto options = std::make_shared<BoundOptions>();
  app->add_option("images", options->images, "An IDX file of images, such as MNIST's t10k-images-idx3-ubyte.")
      ->required();
  app->add_option("labels", options->labels,
                  "The IDX file of their labels; without it, every image is of any class.");
  add_model(*app, options->model);
  app->add_option("--count", options->count, "How many images, the file's first.")
      ->check(within(1, 1000000))
      ->capture_default_str();
  app->add_option("--steps", options->steps, "The bound of fewer, larger steps (default: all the model's).")
      ->check(within(2, 100000));
  app->add_option("--seed", options->seed, "Of the noise.")->capture_default_str();
  add_threads(*app, options->threads);
  app->add_flag("--json", options->json, "As JSON, with every term.");
  app->footer(
      "Every image meets every term once. +- is the standard error over the images; prior and t=... are "
      "parts\n"
      "of the sum. At the last step both fixed variances are beta_tilde of the step before it.");
  return {app, [options] { return bound(*options); }};
}

}  // namespace undiffuse
