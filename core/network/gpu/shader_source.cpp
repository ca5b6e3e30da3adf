#include <algorithm>
#include <optional>

#include "core/network/gpu/plan.h"
#include "core/network/gpu/shader_files.h"

namespace undiffuse::gpu {
namespace {

// WGSL has no includes: files of functions follow whatever calls them, in an order in which later ones do
// not call earlier ones.
struct Library {
  std::string_view name;
  std::string_view call;
  std::optional<WeightType> weight_type = {};  // the one that it is for; none for any
};
constexpr Library kLibraries[] = {{"weights_float32", "four_weights(", WeightType::Float32},
                                  {"weights_float16", "four_weights(", WeightType::Float16},
                                  {"activation", "activated("},
                                  {"normal", "normals("},
                                  {"circle", "on_circle("},
                                  {"step", ": Step;"}};

std::string_view text_of(std::string_view name) {
  const auto files = shader_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const ShaderFile& file) { return file.name == name; });
  return found == files.end() ? std::string_view() : found->text;
}

}  // namespace

std::string shader_source(std::string_view name, WeightType weight_type) {
  std::string source(text_of(name));
  for (const Library& library : kLibraries) {
    const bool called = source.find(library.call) != std::string::npos;
    if (called && library.weight_type.value_or(weight_type) == weight_type) {
      source += "\n" + std::string(text_of(library.name));
    }
  }
  return source;
}

}  // namespace undiffuse::gpu
