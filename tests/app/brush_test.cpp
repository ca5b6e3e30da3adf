// Painting a given image: strokes, and the mask of what is hidden.
#include "native/app/brush.h"

#include <gtest/gtest.h>

#include <cmath>

namespace undiffuse {
namespace {

constexpr Shape kShape{1, 8, 12, 1};

float at(const std::vector<float>& values, int row, int column) {
  return values[static_cast<size_t>(row * kShape.width + column)];
}

TEST(Brush, AStrokeIsAsWideAsItsSizeAndLeavesNoGaps) {
  PaintedImage image = PaintedImage::blank(kShape);
  EXPECT_TRUE(image.is_blank());
  Stroke stroke(image, BrushTool::Draw, 2);
  stroke.to(image, 2, 4);
  stroke.to(image, 10, 4);
  EXPECT_FALSE(image.is_blank());
  for (int column = 2; column < 10; ++column) {
    EXPECT_EQ(at(image.image, 3, column), 1) << column;
    EXPECT_EQ(at(image.image, 4, column), 1) << column;
    EXPECT_EQ(at(image.image, 1, column), -1) << column;
  }
  EXPECT_FALSE(image.hides_something());
}

TEST(Brush, ItsEdgeIsSoftAndPaintedOnce) {
  PaintedImage image = PaintedImage::blank(kShape);
  Stroke stroke(image, BrushTool::Draw, 2);
  for (int i = 0; i < 5; ++i) stroke.to(image, 6.5f, 4);  // a row's border: half of the next one is covered
  EXPECT_NEAR(at(image.image, 3, 5), 2 * (1.5f - std::hypot(1.0f, 0.5f)) - 1, 1e-6);
}

TEST(Brush, ErasingHidingAndShowing) {
  PaintedImage image = PaintedImage::blank(kShape);
  image.image.assign(image.image.size(), 0.5f);
  Stroke(image, BrushTool::Erase, 3).to(image, 4.5f, 4.5f);
  EXPECT_EQ(at(image.image, 4, 4), -1);
  Stroke(image, BrushTool::Hide, 3).to(image, 8.5f, 4.5f);
  EXPECT_EQ(at(image.known, 4, 8), 0);
  EXPECT_EQ(at(image.image, 4, 8), 0.5f);
  EXPECT_TRUE(image.hides_something());
  Stroke(image, BrushTool::Show, 8).to(image, 8.5f, 4.5f);
  EXPECT_FALSE(image.hides_something());
}

TEST(Brush, OutsideIsNothing) {
  PaintedImage image = PaintedImage::blank(kShape);
  Stroke(image, BrushTool::Draw, 3).to(image, 100, 100);
  EXPECT_TRUE(image.is_blank());
}

}  // namespace
}  // namespace undiffuse
