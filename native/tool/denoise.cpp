// undiffuse denoise: clean images that a noisy one may have been.
#include <string>

#include "core/run/given_image.h"
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
  auto image = read_image(options.posterior.image, (*session)->model().image);
  if (!image) return image.error();
  if (!options.noisy) *image = with_noise(*image, options.noise, (*session)->settings().seed);
  const EvidenceKind kind = options.perturbed ? EvidenceKind::NoisyPerturbed : EvidenceKind::NoisyStart;
  return sample_posterior(**session, {kind, std::move(*image), {}, options.noise}, options.posterior.out);
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
