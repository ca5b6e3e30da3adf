// undiffuse denoise: clean images that a noisy one may have been.
#include <string>

#include "core/base/random.h"
#include "core/base/tensor.h"
#include "native/files/image_file.h"
#include "native/tool/command.h"
#include "native/tool/posterior.h"

namespace undiffuse {
namespace {

constexpr double kLeastNoise = 0.01, kMostNoise = 10;

struct DenoiseOptions {
  explicit DenoiseOptions(CLI::App& command) : posterior(command) {}
  PosteriorOptions posterior;
  double noise = 0.5;
  bool noisy = false, perturbed = false;
};

Status denoise(const DenoiseOptions& options) {
  auto session = open_session(options.posterior);
  if (!session) return session.error();
  const ModelInfo& model = (*session)->model();
  auto image = read_image(options.posterior.image, model.image, model.range);
  if (!image) return image.error();
  const double sigma = options.noise * (model.range.white - model.range.black) / 2;
  if (!options.noisy) {
    std::vector<float> n(image->size());
    fill_normal(n, (*session)->settings().seed, 0, 0, Purpose::Evidence);
    array(std::span(*image)) += static_cast<float>(sigma) * array(std::span<const float>(n));
  }
  const EvidenceKind kind = options.perturbed ? EvidenceKind::NoisyPerturbed : EvidenceKind::NoisyStart;
  const std::vector<float> shown = *image;
  return sample_posterior(**session, {kind, std::move(*image), {}, sigma}, shown, options.posterior.out);
}

}  // namespace

Command add_denoise(CLI::App& tool) {
  CLI::App* app =
      tool.add_subcommand("denoise", "Adds noise to a picture and samples the images that it may have been.");
  const auto options = std::make_shared<DenoiseOptions>(*app);
  app->add_option("--noise", options->noise, "Deviation of the noise; black to white is 2.")
      ->capture_default_str()
      ->check(within(kLeastNoise, kMostNoise));
  app->add_flag("--noisy", options->noisy, "The picture holds that noise already: add none.");
  app->add_flag(
      "--perturbed", options->perturbed,
      "Multiply every step with the evidence, as in the 2015 paper; else start where that much noise is.");
  return {app, [options] { return denoise(*options); }};
}

}  // namespace undiffuse
