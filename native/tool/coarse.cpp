// undiffuse coarse: images that look like a given one from afar.
#include <string>

#include "core/run/evidence_table.h"
#include "native/files/image_file.h"
#include "native/tool/command.h"
#include "native/tool/posterior.h"

namespace undiffuse {
namespace {

constexpr double kLeastStrength = 0.01;

struct CoarseOptions {
  explicit CoarseOptions(CLI::App& command) : posterior(command) {}
  PosteriorOptions posterior;
  double strength = 0.5;
};

Status coarse(const CoarseOptions& options) {
  auto session = open_session(options.posterior);
  if (!session) return session.error();
  const Shape& shape = (*session)->model().image;
  auto image = read_image(options.posterior.image, shape);
  if (!image) return image.error();
  return sample_posterior(**session,
                          make_evidence(EvidenceKind::Coarse, shape, std::move(*image), {}, options.strength),
                          options.posterior.out);
}

}  // namespace

Command add_coarse(CLI::App& tool) {
  CLI::App* app = tool.add_subcommand(
      "coarse", "Draws images that look like a picture from afar: only the means of its 4 x 4 cells count.");
  const auto options = std::make_shared<CoarseOptions>(*app);
  app->add_option("--strength", options->strength, "How strongly each step is drawn towards those means.")
      ->capture_default_str()
      ->check(within(kLeastStrength, 1));
  return {app, [options] { return coarse(*options); }};
}

}  // namespace undiffuse
