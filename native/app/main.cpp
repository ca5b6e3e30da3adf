// undiffuse-app: the window.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <thread>

#include "native/app/app.h"
#include "native/app/theme.h"
#include "native/files/files.h"

namespace {

using namespace undiffuse;

int complain(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return 2;
}

std::string usual_save_folder() {
  const char* home = std::getenv("HOME");
  std::error_code ignored;
  const std::filesystem::path pictures = std::filesystem::path(home ? home : ".") / "Pictures";
  return std::filesystem::is_directory(pictures, ignored) ? pictures.string()
                                                          : std::filesystem::current_path(ignored).string();
}

int run(const AppOptions& options) {
  const std::string remembered_at = preferences_path();
  const Preferences remembered = load_preferences(remembered_at);
  Window window;
  const Status created = Window::create(window, remembered.width, remembered.height);
  if (!created) return complain(created.error().message);
  load_style(window.scale());
  App app(window, remembered, options);
  while (!window.should_close()) {
    window.wait(app.seconds_to_next_frame());
    app.frame();
  }
  if (app.preferences() == remembered) return 0;
  const Status saved = save_preferences(remembered_at, app.preferences());
  return saved ? 0 : complain(saved.error().message);
}

int start(int argc, char** argv) {
  AppOptions options;
  options.save_folder = usual_save_folder();
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  CLI::App arguments("Watch a diffusion model turn noise into an image, one Gaussian at a time.");
  arguments.add_option("file", options.open, "a weights file (.safetensors) or a saved picture (.png)");
  arguments.add_option("--settings", options.settings, "a settings string, as in the page's address");
  arguments.add_option("--save-to", options.save_folder, "folder for saved pictures");
  arguments.add_option("--threads", options.threads, "threads of the network")->check(CLI::Range(1, 256));
  try {
    arguments.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return wrong.get_exit_code() == 0 ? arguments.exit(wrong) : complain(wrong.what());
  }
  const auto weights = find_weights();
  if (!weights) return complain(weights.error().message);
  options.weights_folder = *weights;
  return run(options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return start(argc, argv);
  } catch (const std::exception& failed) {  // of the standard library: no memory, no thread
    std::fprintf(stderr, "undiffuse-app stopped: %s.\n", failed.what());
    return 2;
  }
}
