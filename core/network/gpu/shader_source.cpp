#include <algorithm>

#include "core/network/gpu/plan.h"
#include "core/network/gpu/shader_files.h"

namespace undiffuse::gpu {
namespace {

// WGSL has no includes: files of functions follow whatever calls them, in an order in which later ones do
// not call earlier ones.
struct Library {
  std::string_view name;
  std::string_view call;
};
constexpr Library kLibraries[] = {
    {"activation", "activated("}, {"normal", "normals("}, {"circle", "on_circle("}, {"step", ": Step;"}};

std::string_view text_of(std::string_view name) {
  const auto files = shader_files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const ShaderFile& file) { return file.name == name; });
  return found == files.end() ? std::string_view() : found->text;
}

}  // namespace

std::string shader_source(std::string_view name) {
  std::string source(text_of(name));
  for (const Library& library : kLibraries) {
    if (source.find(library.call) != std::string::npos) source += "\n" + std::string(text_of(library.name));
  }
  return source;
}

}  // namespace undiffuse::gpu
