// undiffuse trace: every number of one image's run, for NumPy.
#include <algorithm>
#include <cstdio>

#include "core/run/fields.h"
#include "native/files/files.h"
#include "native/tool/command.h"
#include "native/tool/interrupt.h"
#include "native/tool/npz.h"
#include "native/tool/options.h"
#include "native/tool/progress.h"

namespace undiffuse {
namespace {

struct TraceOptions {
  explicit TraceOptions(CLI::App& command) : run(command) {}
  RunOptions run;
  std::uint32_t sample = 0;
  std::string out;
};

struct NamedField {
  const char* name;
  Field field;
};
constexpr NamedField kFields[] = {
    {"x_t", Field::XT},
    {"x_hat", Field::XHat},
    {"output", Field::MeanOutput},
    {"log_var", Field::LogVar},
    {"x0_hat", Field::X0Hat},
    {"x0_var", Field::X0Var},
    {"x0_hat_2", Field::X0Hat2},
    {"eps_hat", Field::EpsHat},
    {"mu", Field::Mu},
    {"sigma", Field::Sigma},
    {"z", Field::Z},
    {"x_prev", Field::XPrev},
};
static_assert(std::size(kFields) == kNumFields);

// One float32 array [steps, height, width, channels] for each field.
Result<std::vector<NpyArray>> trace_fields(Session& session) {
  const Shape& image = session.model().image;
  const auto steps = static_cast<size_t>(session.num_steps()), size = static_cast<size_t>(image.image_size());
  std::vector<std::vector<float>> values(std::size(kFields), std::vector<float>(steps * size));
  Progress progress("steps", session.num_steps());
  for (size_t step = 0; step < steps; ++step) {
    if (interrupted()) return stopped();
    session.compute(static_cast<int>(step));
    for (size_t i = 0; i < values.size(); ++i) {
      const bool there = session.field(static_cast<int>(step), 0, kFields[i].field,
                                       std::span(values[i]).subspan(step * size, size));
      UNDIFFUSE_ASSERT(there);
    }
    progress.show(static_cast<int>(step) + 1);
  }
  const auto extent = [](int length) { return static_cast<size_t>(length); };
  const std::vector<size_t> shape = {steps, extent(image.height), extent(image.width),
                                     extent(image.channels)};
  std::vector<NpyArray> arrays;
  for (size_t i = 0; i < values.size(); ++i) {
    arrays.push_back({kFields[i].name, "<f4", shape, bytes_of<float>(values[i])});
  }
  return arrays;
}

// One number for each step.
template <class T, class Of>
NpyArray column(const char* name, const char* type, const Session& session, Of of) {
  std::vector<T> values;
  for (int step = 0; step < session.num_steps(); ++step) values.push_back(static_cast<T>(of(step)));
  return {name, type, {values.size()}, bytes_of<T>(values)};
}

std::vector<NpyArray> trace_columns(const Session& session) {
  const auto stage = [&](int step) -> const Stage& { return session.table()[static_cast<size_t>(step)]; };
  return {
      column<std::int32_t>("t", "<i4", session, [&](int step) { return stage(step).t; }),
      column<std::int32_t>("t_prev", "<i4", session, [&](int step) { return stage(step).t_prev; }),
      column<double>("alpha_bar", "<f8", session, [&](int step) { return stage(step).alpha_bar; }),
      column<double>("alpha_bar_hat", "<f8", session, [&](int step) { return stage(step).churn.alpha_bar; }),
      column<double>("alpha_bar_prev", "<f8", session, [&](int step) { return stage(step).alpha_bar_prev; }),
      column<std::int32_t>("nfe", "<i4", session, [&](int step) { return session.nfe(step); }),
  };
}

// The settings string, in NumPy's four bytes a character.
NpyArray settings_text(const Session& session) {
  const std::string text = format_settings(session.settings());
  const std::u32string wide(text.begin(), text.end());
  return {"settings", "<U" + std::to_string(wide.size()), {}, bytes_of<char32_t>(wide)};
}

Status trace(const TraceOptions& options) {
  Result<Settings> settings = options.run.settings();
  if (!settings) return settings.error();
  settings->images = 1;
  if (Status writable = can_write(options.out); !writable) return writable;
  const auto session = options.run.open(*settings, {.images_per_slice = 1, .first_sample = options.sample});
  if (!session) return session.error();
  Result<std::vector<NpyArray>> arrays = trace_fields(**session);
  if (!arrays) return arrays.error();
  for (NpyArray& array : trace_columns(**session)) arrays->push_back(std::move(array));
  arrays->push_back(settings_text(**session));
  return write_file(options.out, encode_npz(*arrays));
}

}  // namespace

Command add_trace(CLI::App& tool) {
  CLI::App* app =
      tool.add_subcommand("trace", "Writes every number of one image's run as an .npz file for NumPy.");
  const auto options = std::make_shared<TraceOptions>(*app);
  app->add_option("--out", options->out, "The .npz file to write.")->required();
  app->add_option("--sample", options->sample, "Which image of a batch, counted from 0.")
      ->check(within(0, 1023))
      ->capture_default_str();
  app->footer(
      "Arrays of [steps, height, width, channels]: x_t, x_hat (x_t with churn), output (the network's, "
      "guided),\n"
      "log_var, x0_hat, x0_var, x0_hat_2 (a second answer), eps_hat, mu, sigma, z, x_prev = mu + sigma z.\n"
      "Arrays of [steps]: t, t_prev (-1 where the schedule counts none), alpha_bar, alpha_bar_hat (of "
      "x_hat),\n"
      "alpha_bar_prev, nfe. And settings, the settings string.");
  return {app, [options] { return trace(*options); }};
}

}  // namespace undiffuse
