// What a command of the tool is: its options, and what runs once they are read. One file each.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "core/base/error.h"

namespace undiffuse {

struct Command {
  CLI::App* app;                ///< its part of the command line, owned by the tool's
  std::function<Status()> run;  ///< after parsing; a Status's sentence goes to stderr
};

Command add_models(CLI::App& tool);
Command add_sample(CLI::App& tool);
Command add_trace(CLI::App& tool);
Command add_bound(CLI::App& tool);
Command add_inpaint(CLI::App& tool);
Command add_denoise(CLI::App& tool);
Command add_coarse(CLI::App& tool);
Command add_bench(CLI::App& tool);
Command add_toy(CLI::App& tool);

}  // namespace undiffuse
