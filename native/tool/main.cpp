// undiffuse: the core on the command line.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>
#include <string>

#include "native/tool/command.h"
#include "native/tool/interrupt.h"

namespace {

using namespace undiffuse;

constexpr int kWrong = 2, kInterrupted = 130;  // exit codes; the second is what shells make of SIGINT

int complain(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return interrupted() ? kInterrupted : kWrong;
}

// CLI11's message, and where the options are told.
std::string sentence_of(const CLI::App& tool, const CLI::ParseError& wrong) {
  const auto commands = tool.get_subcommands();
  const bool unknown = commands.empty() && tool.remaining_size() > 0;
  return (unknown ? "There is no command '" + tool.remaining().front() + "'" : wrong.what()) +
         "; see undiffuse " + (commands.empty() ? "" : commands.front()->get_name() + " ") + "--help.";
}

int run(int argc, char** argv) {
  CLI::App tool("Samples small diffusion models, and shows the numbers of every step.", "undiffuse");
  tool.require_subcommand(1);
  tool.set_version_flag("--version", UNDIFFUSE_VERSION);
  const Command commands[] = {add_models(tool), add_sample(tool),  add_trace(tool),
                              add_bound(tool),  add_inpaint(tool), add_denoise(tool),
                              add_coarse(tool), add_bench(tool),   add_toy(tool)};
  try {
    tool.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return wrong.get_exit_code() == 0 ? tool.exit(wrong) : complain(sentence_of(tool, wrong));
  }
  watch_interrupts();
  const Command& chosen = *std::find_if(std::begin(commands), std::end(commands),
                                        [](const Command& command) { return command.app->parsed(); });
  const Status done = chosen.run();
  return done ? 0 : complain(done.error().message);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {  // of the libraries: memory, above all
    std::fprintf(stderr, "undiffuse had to stop: %s.\n", failure.what());
    return kWrong;
  }
}
