// undiffuse models: what there is to sample.
#include <cstdio>

#include "core/run/describe.h"
#include "core/run/model.h"
#include "core/run/own_settings.h"
#include "native/files/files.h"
#include "native/tool/command.h"

namespace undiffuse {
namespace {

std::string size_of(const Shape& image) {
  return std::to_string(image.height) + "x" + std::to_string(image.width) + "x" +
         std::to_string(image.channels);
}

Result<Model> load(const std::string& path) {
  const Result<std::vector<std::byte>> file = read_file(path);
  if (!file) return file.error();
  Result<Model> model = load_model(*file);
  if (!model) return Error{path + ": " + model.error().message};
  return model;
}

Status run() {
  const Result<std::string> folder = find_weights();
  if (!folder) return folder.error();
  std::string made_for;
  std::printf("%-24s %-9s %-11s %-9s %5s %8s %8s\n", "model", "image", "prediction", "variance", "T",
              "classes", "MFLOP");
  for (const std::string& name : list_models(*folder)) {
    const Result<Model> model = load(*folder + "/" + name + ".safetensors");
    if (!model) return model.error();
    const ModelInfo& info = model->info;
    std::printf("%-24s %-9s %-11s %-9s %5d %8d %8.1f\n", name.c_str(), size_of(info.image).c_str(),
                prediction_name(info.prediction), info.learned_variance ? "learned" : "none",
                info.trained.num_steps(), info.num_classes(), model->graph.flops() / 1e6);
    if (const std::string own = own_settings(info); !own.empty())
      made_for += name + " was made for --settings '" + own + "'\n";
  }
  std::printf("%sin %s\n", made_for.c_str(), folder->c_str());
  return Ok{};
}

}  // namespace

Command add_models(CLI::App& tool) {
  CLI::App* app = tool.add_subcommand("models", "Lists the models and what each is.");
  app->footer("MFLOP is the work of one network call on one image.");
  return {app, run};
}

}  // namespace undiffuse
