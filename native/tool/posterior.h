// What the commands that sample a posterior share: the given picture, the run, the sheet.
#pragma once

#include <string>

#include "core/run/session.h"
#include "native/tool/options.h"

namespace undiffuse {

/// Options of a command that draws images given a picture.
struct PosteriorOptions {
  explicit PosteriorOptions(CLI::App& command);

  RunOptions run;
  std::string image, out;
};

/// Opens the model of the options; `count` images where the option says so.
Result<std::unique_ptr<Session>> open_session(const PosteriorOptions& options);

/// Runs with this evidence to the end and writes one sheet: the evidence as it is shown, then the samples. A
/// view that opens it has the settings and the evidence back.
Status sample_posterior(Session& session, Evidence evidence, const std::string& out);

}  // namespace undiffuse
