// The files of core/network/shaders/, which CMake embeds.
#pragma once

#include <span>
#include <string_view>

namespace undiffuse::gpu {

struct ShaderFile {
  std::string_view name;  ///< without .wgsl
  std::string_view text;
};
std::span<const ShaderFile> shader_files();

}  // namespace undiffuse::gpu
