# cmake -DSHADERS=FILE,FILE... -DOUT=FILE -P embed_shaders.cmake: WGSL files as one table of C++ strings.
string(REPLACE "," ";" SHADERS "${SHADERS}")
set(rows "")
foreach(file IN LISTS SHADERS)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND rows "    {\"${name}\", R\"wgsl(${text})wgsl\"},\n")
endforeach()
file(WRITE ${OUT}
"// Made by cmake/embed_shaders.cmake from core/network/shaders/.
#include \"core/network/gpu/shader_files.h\"

namespace undiffuse::gpu {

std::span<const ShaderFile> shader_files() {
  static constexpr ShaderFile files[] = {
${rows}  };
  return files;
}

}  // namespace undiffuse::gpu
")
