#include <gtest/gtest.h>

#include "core/run/picture.h"
#include "support/files.h"

namespace undiffuse {
namespace {

TEST(Picture, MapsTheRangeToAllLevels) {
  const std::vector<float> values = {-1, 1, 0, -7, 9, 0.5f};
  const Picture picture = picture_of({1, 2, 3, 1}, values);
  EXPECT_EQ(picture.width, 3);
  EXPECT_EQ(picture.height, 2);
  EXPECT_EQ(picture.pixels, (std::vector<std::uint8_t>{0, 255, 128, 0, 255, 191}));
}

TEST(Picture, EnlargesPixelsToSquares) {
  const Picture large = enlarged({2, 1, 1, {10, 20}}, 2);
  EXPECT_EQ(large.pixels, (std::vector<std::uint8_t>{10, 10, 20, 20, 10, 10, 20, 20}));
  const Picture colour = enlarged({1, 1, 3, {1, 2, 3}}, 2);
  EXPECT_EQ(colour.pixels, (std::vector<std::uint8_t>{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3}));
}

TEST(Picture, TilesLeaveGapsAndAnEmptyPlaceWhite) {
  const std::vector<Picture> three(3, Picture{1, 1, 1, {7}});
  const Picture sheet = tiled(three, 2, 1);
  EXPECT_EQ(sheet.width, 3);
  EXPECT_EQ(sheet.pixels, (std::vector<std::uint8_t>{7, 255, 7, 255, 255, 255, 7, 255, 255}));
}

class Keepsakes : public testing::Test {
 protected:
  void SetUp() override {
    session_.apply("steps=3&images=4&class=each&guidance=1");
    ASSERT_TRUE(session_.open_model(default_weights()).ok());
  }
  Session session_;
};

TEST_F(Keepsakes, FrameIsTheStateAtItsPosition) {
  for (const int position : {0, 2, 3}) {
    const Picture frame = keepsake(session_, Keepsake::Frame, position, 1);
    std::vector<float> x(28 * 28);
    session_.seek(position);
    session_.state(1, x);
    EXPECT_EQ(frame.pixels, enlarged(picture_of(session_.model().image, x), 8).pixels) << position;
  }
}

TEST_F(Keepsakes, SheetAndStripHaveTheirSizes) {
  const Picture sheet = keepsake(session_, Keepsake::Sheet, 0, 0);
  EXPECT_EQ(sheet.width, 2 * 224 + 8);
  EXPECT_EQ(sheet.height, 2 * 224 + 8);
  const Picture strip = keepsake(session_, Keepsake::Strip, 0, 0);
  EXPECT_EQ(strip.width, 3 * 56 + 2 * 4);
  EXPECT_EQ(strip.height, 2 * 56 + 4);
}

TEST_F(Keepsakes, FileBringsBackItsSettings) {
  const auto settings = settings_of_png(keepsake_png(session_, Keepsake::Sheet, 0, 0));
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(parse_settings(*settings).settings, session_.settings());
}

// A trace that holds one record and few states: every column's record is gone when the last one comes.
TEST_F(Keepsakes, SlicesNeedOneRecordAndMakeTheSamePictures) {
  Session small({.trace_bytes = 1, .images_per_slice = 1});
  small.apply("steps=3&images=4&class=each&guidance=1");
  ASSERT_TRUE(small.open_model(default_weights()).ok());
  for (const Keepsake what : {Keepsake::Strip, Keepsake::Sheet, Keepsake::Frame}) {
    KeepsakeMaker maker(small, what, 2, 1);
    int slices = 1;
    while (!maker.work(small)) ++slices;
    EXPECT_EQ(maker.picture().pixels, keepsake(session_, what, 2, 1).pixels);
    EXPECT_LE(slices, 3 * 4) << "each step once, each image a slice";
    EXPECT_TRUE(maker.work(small)) << "stays there";
  }
}

}  // namespace
}  // namespace undiffuse
