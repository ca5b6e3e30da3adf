#include "native/tool/posterior.h"

#include <utility>
#include <vector>

#include "core/run/evidence_table.h"
#include "core/run/picture.h"
#include "native/files/files.h"
#include "native/tool/interrupt.h"
#include "native/tool/progress.h"

namespace undiffuse {
namespace {

Status run_to_end(Session& session) {
  Progress progress("steps", session.num_steps());
  for (int step = 0; step < session.num_steps(); ++step) {
    while (!session.work(step)) {
      if (interrupted()) return stopped();
    }
    progress.show(step + 1);
  }
  return Ok{};
}

}  // namespace

PosteriorOptions::PosteriorOptions(CLI::App& command) : run(command) {
  command.add_option("--image", image, "A PNG of the model's size, or of a whole multiple.")->required();
  command.add_option("--out", out, "The PNG to write: the given picture, then the samples.")->required();
}

Result<std::unique_ptr<Session>> open_session(const PosteriorOptions& options) {
  Result<Settings> settings = options.run.settings();
  if (!settings) return settings.error();
  if (Status writable = can_write(options.out); !writable) return writable.error();
  return options.run.open(*settings);
}

Status sample_posterior(Session& session, Evidence evidence, const std::string& out) {
  if (Status taken = session.set_evidence(std::move(evidence)); !taken) return taken;
  if (Status done = run_to_end(session); !done) return done;
  const ModelInfo& model = session.model();
  std::vector<Picture> pictures = {picture_of(model.image, shown_evidence(session.evidence()), {})};
  std::vector<float> x(static_cast<size_t>(model.image.image_size()));
  for (int sample = 0; sample < session.settings().images; ++sample) {
    session.field(session.num_steps() - 1, sample, Field::XPrev, x);
    pictures.push_back(picture_of(model.image, x, model.range));
  }
  return write_file(out, keepsake_file(session, sheet_of(pictures)));
}

}  // namespace undiffuse
