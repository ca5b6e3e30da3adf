// The default run's final image, on every build and backend: within 2/255 of the stored one.
//
// Builds differ in the order of their float sums (vector width, fused multiply-add), about 1e-7 a
// step; 50 steps carry that to a few 1e-6. 2/255 is what an eye could not see. After a change of
// weights, defaults or noise, UNDIFFUSE_WRITE_PICTURE=1 in the environment stores a new picture.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "core/run/session.h"
#include "support/files.h"

namespace undiffuse {
namespace {

constexpr char kStored[] = "tests/data/default-picture.f32";

std::vector<float> default_picture() {
  Session session({.threads = 2});
  EXPECT_TRUE(session.open_model(default_weights()).ok());
  session.run();
  std::vector<float> picture(static_cast<size_t>(session.model().image.image_size()));
  session.state(0, picture);
  return picture;
}

void store(const std::vector<float>& picture) {
  std::ofstream(repository_path(kStored), std::ios::binary)
      .write(reinterpret_cast<const char*>(picture.data()),
             static_cast<std::streamsize>(picture.size() * sizeof(float)));
}

TEST(Picture, FiftyStepsEndWithinTwoGreyLevelsOfTheStoredPicture) {
  const std::vector<float> picture = default_picture();
  if (std::getenv("UNDIFFUSE_WRITE_PICTURE")) store(picture);
  const std::vector<std::byte> bytes = read_repository_file(kStored);
  ASSERT_EQ(bytes.size(), picture.size() * sizeof(float));
  std::vector<float> stored(picture.size());
  std::memcpy(stored.data(), bytes.data(), bytes.size());

  double largest = 0, ink = 0;
  for (size_t i = 0; i < picture.size(); ++i) {
    largest = std::max(largest, 127.5 * std::abs(static_cast<double>(picture[i]) - stored[i]));
    ink += picture[i] > 0;
  }
  RecordProperty("largest_difference_in_grey_levels", std::to_string(largest));
  EXPECT_LE(largest, 2.0);
  EXPECT_GT(ink, 30) << "a digit has at least thirty bright pixels";
}

}  // namespace
}  // namespace undiffuse
