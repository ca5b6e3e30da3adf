#include "native/files/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace undiffuse {
namespace {

namespace fs = std::filesystem;

// Of the last failed call; streams keep it on every system we build on.
std::string reason() { return errno != 0 ? std::strerror(errno) : "unknown error"; }

std::string program_folder() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  return failed ? "" : program.parent_path().string();
}

bool has_models(const std::string& folder) { return !list_models(folder).empty(); }

}  // namespace

Result<std::vector<std::byte>> read_file(const std::string& path) {
  std::error_code failed;
  if (fs::is_directory(path, failed)) return Error{path + " is a folder: name a file in it."};
  errno = 0;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return Error{path + " cannot be opened: " + reason() + "."};
  std::vector<std::byte> bytes(static_cast<size_t>(file.tellg()));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) return Error{path + " cannot be read: " + reason() + "."};
  return bytes;
}

Status write_file(const std::string& path, std::span<const std::byte> bytes) {
  const std::string part = path + ".part";
  errno = 0;
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  if (!file) return Error{path + " cannot be written: " + reason() + "."};
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code failed;
  if (file) fs::rename(part, path, failed);
  if (file && !failed) return Ok{};
  const std::string why = failed ? failed.message() : reason();
  fs::remove(part, failed);
  return Error{path + " cannot be written: " + why + "."};
}

Status can_write(const std::string& path) {
  std::error_code failed;
  if (fs::is_directory(path, failed)) return Error{path + " is a folder: name a file in it."};
  const std::string part = path + ".part";
  errno = 0;
  const bool opened = std::ofstream(part, std::ios::binary | std::ios::trunc).is_open();
  if (!opened) return Error{path + " cannot be written: " + reason() + "."};
  fs::remove(part, failed);
  return Ok{};
}

Result<std::string> find_weights() {
  const char* named = std::getenv("UNDIFFUSE_WEIGHTS");
  if (named && *named) {
    if (has_models(named)) return std::string(named);
    return Error{"UNDIFFUSE_WEIGHTS names " + std::string(named) + ", which holds no .safetensors file."};
  }
  for (const std::string& folder :
       {program_folder() + "/../share/undiffuse/weights", std::string(UNDIFFUSE_WEIGHTS_FOLDER)}) {
    if (has_models(folder)) return fs::path(folder).lexically_normal().string();
  }
  return Error{"No models were found: set UNDIFFUSE_WEIGHTS to the folder with the .safetensors files."};
}

std::vector<std::string> list_models(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".safetensors") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace undiffuse
