// Files and folders, for the app and the tool: the core does no I/O.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace undiffuse {

/// The whole file; a sentence with its name if it cannot be read.
Result<std::vector<std::byte>> read_file(const std::string& path);

/// Written beside the path under another name first, then renamed: whoever looks finds the old file
/// or the new one, never half of one. On an error nothing is left behind.
Status write_file(const std::string& path, std::span<const std::byte> bytes);

/// Whether write_file() could, for those who want to know before long work. Leaves nothing behind.
Status can_write(const std::string& path);

/// The folder with the models: $UNDIFFUSE_WEIGHTS, else ../share/undiffuse/weights beside the program
/// (an installed one), else weights/ of the source tree that it was built from.
Result<std::string> find_weights();

/// Names of the models in a folder (its .safetensors files), sorted.
std::vector<std::string> list_models(const std::string& folder);

}  // namespace undiffuse
