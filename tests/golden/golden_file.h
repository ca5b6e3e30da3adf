// tests/golden/*.json: numbers that the core is held to.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/files.h"

namespace undiffuse {

inline nlohmann::json read_golden(const std::string& name) {
  std::ifstream file(repository_path("tests/golden/" + name));
  EXPECT_TRUE(file) << "missing: " << name;
  return nlohmann::json::parse(file);
}

}  // namespace undiffuse
