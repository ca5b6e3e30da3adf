// undiffuse inpaint: draws what is missing of a picture.
#include <algorithm>
#include <string>

#include "core/run/given_image.h"
#include "native/files/image_file.h"
#include "native/tool/command.h"
#include "native/tool/posterior.h"

namespace undiffuse {
namespace {

struct InpaintOptions {
  explicit InpaintOptions(CLI::App& command) : posterior(command) {}
  PosteriorOptions posterior;
  std::string missing = "bottom", mask;
  bool clean = false;
};

// 1 where the picture is known. A mask is black where it is missing.
Result<std::vector<float>> known_pixels(const InpaintOptions& options, const Shape& image) {
  if (!options.mask.empty()) {
    auto mask = read_image(options.mask, image);
    if (!mask) return mask.error();
    for (float& value : *mask) value = value > 0 ? 1.0f : 0.0f;
    return mask;
  }
  const auto parts = image_parts();
  return known_without(*std::find_if(parts.begin(), parts.end(),
                                     [&](const ImagePart& part) { return part.name == options.missing; }),
                       image);
}

Status inpaint(const InpaintOptions& options) {
  auto session = open_session(options.posterior);
  if (!session) return session.error();
  const Shape& shape = (*session)->model().image;
  const DataRange range = (*session)->model().range;
  auto image = read_image(options.posterior.image, shape, range);
  if (!image) return image.error();
  auto known = known_pixels(options, shape);
  if (!known) return known.error();
  const EvidenceKind kind = options.clean ? EvidenceKind::KnownClean : EvidenceKind::KnownRenoised;
  return sample_posterior(**session, {kind, std::move(*image), std::move(*known)}, options.posterior.out);
}

}  // namespace

Command add_inpaint(CLI::App& tool) {
  CLI::App* app =
      tool.add_subcommand("inpaint", "Draws what is missing of a picture (2015 paper, section 2.5).");
  const auto options = std::make_shared<InpaintOptions>(*app);
  std::vector<std::string> parts;
  for (const ImagePart& part : image_parts()) parts.emplace_back(part.name);
  app->add_option("--missing", options->missing, "Which part is missing.")
      ->capture_default_str()
      ->check(CLI::IsMember(parts));
  app->add_option("--mask", options->mask, "A PNG instead: what is black in it is missing.");
  app->add_flag("--clean", options->clean,
                "Known pixels as they are at every step, as in the paper; else with the step's noise.");
  return {app, [options] { return inpaint(*options); }};
}

}  // namespace undiffuse
