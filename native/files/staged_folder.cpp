#include "native/files/staged_folder.h"

#include <filesystem>
#include <utility>

#include "native/files/files.h"

namespace undiffuse {
namespace fs = std::filesystem;

Result<StagedFolder> StagedFolder::make(const std::string& path) {
  std::error_code failed;
  if (fs::exists(path, failed) && !(fs::is_directory(path, failed) && fs::is_empty(path, failed))) {
    return Error{path + " is there already: name a new folder."};
  }
  StagedFolder folder(fs::path(path + "/").lexically_normal().parent_path().string());
  if (fs::create_directory(folder.part_, failed)) return folder;
  const std::string other = std::exchange(folder.part_, {});  // not ours to remove
  if (failed) return Error{path + " cannot be made: " + failed.message() + "."};
  return Error{other + " is in the way: remove it."};
}

StagedFolder::StagedFolder(std::string path) : path_(std::move(path)), part_(path_ + ".part") {}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), part_(std::exchange(other.part_, {})) {}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  if (!part_.empty()) fs::remove_all(part_, ignored);
}

Status StagedFolder::put(const std::string& name, std::span<const std::byte> bytes) {
  return write_file(part_ + "/" + name, bytes);
}

Status StagedFolder::keep() {
  std::error_code failed;
  fs::rename(part_, path_, failed);
  if (failed) return Error{path_ + " cannot be made: " + failed.message() + "."};
  part_.clear();
  return Ok{};
}

}  // namespace undiffuse
