// A folder of files that is there in whole or not at all.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/error.h"

namespace undiffuse {

/// Filled beside its path under another name, and renamed by keep(); without that it goes away.
class StagedFolder {
 public:
  /// Refuses a path where something is already, but for an empty folder.
  static Result<StagedFolder> make(const std::string& path);
  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;
  ~StagedFolder();

  Status put(const std::string& name, std::span<const std::byte> bytes);
  Status keep();

 private:
  explicit StagedFolder(std::string path);

  std::string path_, part_;  // part_ empty: nothing to remove
};

}  // namespace undiffuse
