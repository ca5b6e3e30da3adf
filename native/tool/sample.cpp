// undiffuse sample: draws images, as a sheet and step by step.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "core/run/picture.h"
#include "native/files/files.h"
#include "native/files/staged_folder.h"
#include "native/tool/command.h"
#include "native/tool/interrupt.h"
#include "native/tool/options.h"
#include "native/tool/progress.h"

namespace undiffuse {
namespace {

constexpr int kMaxCount = 1024;
constexpr int kImagesPerSlice = 16;  // of a batch; keeps Ctrl-C and the progress bar awake

struct SampleOptions {
  explicit SampleOptions(CLI::App& command) : run(command) {}
  RunOptions run;
  int count = 0;  // 0: the setting "images"
  std::string out, frames;
};

// Views know batches of a few sizes: the smallest that holds what was drawn, or the largest.
Settings as_a_view_opens_it(Settings settings) {
  const auto table = settings_table();
  const auto images =
      std::find_if(table.begin(), table.end(), [](const Setting& row) { return row.name == "images"; });
  const int count = settings.images;
  for (const SettingOption& option : images->options) {
    images->set(settings, option.number);
    if (settings.images >= count) break;
  }
  return settings;
}

std::vector<std::byte> sheet_file(Session& session, int position) {
  return encode_png(sheet_at(session, position), format_settings(as_a_view_opens_it(session.settings())));
}

std::string frame_name(int position) {
  std::string digits = std::to_string(position);
  return "step-" + std::string(4 - digits.size(), '0') + digits + ".png";
}

// The run: x_T and the state after each step, frame by frame if somebody wants them.
Status walk(Session& session, StagedFolder* frames) {
  Progress progress("steps", session.num_steps());
  for (int position = 0; position <= session.num_steps(); ++position) {
    do {
      if (interrupted()) return stopped();
    } while (!session.work(std::max(position - 1, 0)));
    if (frames != nullptr) {
      Status put = frames->put(frame_name(position), sheet_file(session, position));
      if (!put) return put;
    }
    progress.show(position);
  }
  return Ok{};
}

Status sample(const SampleOptions& options) {
  Result<Settings> settings = options.run.settings();
  if (!settings) return settings.error();
  if (options.count > 0) settings->images = options.count;
  if (Status writable = can_write(options.out); !writable) return writable;
  Result<std::unique_ptr<Session>> session =
      options.run.open(*settings, {.images_per_slice = kImagesPerSlice});
  if (!session) return session.error();
  std::optional<StagedFolder> frames;
  if (!options.frames.empty()) {
    Result<StagedFolder> made = StagedFolder::make(options.frames);
    if (!made) return made.error();
    frames.emplace(std::move(*made));
  }
  if (Status walked = walk(**session, frames ? &*frames : nullptr); !walked) return walked;
  if (frames) {
    if (Status kept = frames->keep(); !kept) return kept;
  }
  return write_file(options.out, sheet_file(**session, (*session)->num_steps()));
}

}  // namespace

Command add_sample(CLI::App& tool) {
  CLI::App* app =
      tool.add_subcommand("sample", "Draws images and writes them as one PNG that holds its settings.");
  const auto options = std::make_shared<SampleOptions>(*app);
  app->add_option("--out", options->out, "The PNG to write.")->required();
  app->add_option("--count", options->count,
                  "How many images, in place of --images; more never change the first.")
      ->check(within(1, kMaxCount));
  app->add_option("--frames", options->frames,
                  "A new folder for x_T and the state after each step, a PNG each.");
  return {app, [options] { return sample(*options); }};
}

}  // namespace undiffuse
