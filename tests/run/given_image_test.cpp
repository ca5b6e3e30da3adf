// From any picture to evidence: fitted, with noise, in parts, and back from a saved picture.
#include "core/run/given_image.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/run/evidence_table.h"
#include "core/run/evidence_text.h"
#include "core/run/png.h"

namespace undiffuse {
namespace {

Picture grey(int width, int height, std::vector<std::uint8_t> pixels) {
  return {width, height, 1, std::move(pixels)};
}

TEST(GivenImage, APictureOfTheSizeStaysAsItIs) {
  const std::vector<float> fitted = fit_picture(grey(2, 2, {0, 51, 102, 204}), {1, 2, 2, 1});
  const std::vector<float> expected = {-1, -0.6f, -0.2f, 0.6f};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(fitted[i], expected[i], 1e-6) << i;
}

TEST(GivenImage, LargerPicturesAreAveragedAndSmallerRepeated) {
  const Shape one{1, 1, 1, 1};
  EXPECT_NEAR(fit_picture(grey(2, 2, {0, 100, 20, 80}), one)[0], 50 / 127.5 - 1, 1e-6);
  // 3 pixels on 2: each takes one and a half.
  const std::vector<float> uneven = fit_picture(grey(3, 3, {0, 30, 90, 0, 30, 90, 0, 30, 90}), {1, 2, 2, 1});
  EXPECT_NEAR(uneven[0], (0 + 0.5 * 30) / 1.5 / 127.5 - 1, 1e-6);
  EXPECT_NEAR(uneven[1], (0.5 * 30 + 90) / 1.5 / 127.5 - 1, 1e-6);
  const std::vector<float> repeated = fit_picture(grey(1, 1, {77}), {1, 3, 3, 1});
  EXPECT_EQ(repeated, std::vector<float>(9, static_cast<float>(77 / 127.5 - 1)));
}

TEST(GivenImage, OfAnotherShapeTheMiddleIsTaken) {
  const Shape one{1, 1, 1, 1};
  EXPECT_NEAR(fit_picture(grey(3, 1, {0, 99, 0}), one)[0], 99 / 127.5 - 1, 1e-6);
  EXPECT_NEAR(fit_picture(grey(1, 3, {0, 99, 0}), one)[0], 99 / 127.5 - 1, 1e-6);
}

TEST(GivenImage, ColourBecomesGreyByItsBrightnessAndGreyBecomesColour) {
  const Picture red{1, 1, 3, {200, 0, 0}};
  EXPECT_NEAR(fit_picture(red, {1, 1, 1, 1})[0], 0.299 * 200 / 127.5 - 1, 1e-6);
  EXPECT_NEAR(fit_picture(red, {1, 1, 1, 3})[0], 200 / 127.5 - 1, 1e-6);
  EXPECT_EQ(fit_picture(grey(1, 1, {9}), {1, 1, 1, 3}),
            std::vector<float>(3, static_cast<float>(9 / 127.5 - 1)));
}

TEST(GivenImage, InkOnPaperIsInverted) {
  std::vector<std::uint8_t> ink(25, 250), strokes(25, 5);
  ink[12] = 5;
  strokes[12] = 250;
  const Shape shape{1, 5, 5, 1};
  EXPECT_EQ(fit_picture(grey(5, 5, ink), shape), fit_picture(grey(5, 5, strokes), shape));
  const Picture paper{1, 1, 3, {250, 250, 250}};
  EXPECT_GT(fit_picture(paper, {1, 1, 1, 3})[0], 0);  // colour stays
}

TEST(GivenImage, NoiseHasItsDeviationAndItsSeed) {
  const std::vector<float> image(1 << 14, 0.5f);
  const std::vector<float> noisy = with_noise(image, 0.7, 3);
  double mean = 0, var = 0;
  for (const float value : noisy) mean += value / static_cast<double>(noisy.size());
  for (const float value : noisy) var += (value - mean) * (value - mean) / static_cast<double>(noisy.size());
  EXPECT_NEAR(mean, 0.5, 5 * 0.7 / 128);  // five standard errors
  EXPECT_NEAR(var, 0.49, 5 * 0.49 * std::sqrt(2.0) / 128);
  EXPECT_EQ(with_noise(image, 0.7, 3), noisy);
  EXPECT_NE(with_noise(image, 0.7, 4), noisy);
}

TEST(GivenImage, PartsThatAreOppositeMakeAWhole) {
  const Shape shape{1, 5, 6, 3};
  const auto known = [&](std::string_view name) {
    for (const ImagePart& part : image_parts()) {
      if (part.name == name) return known_without(part, shape);
    }
    return std::vector<float>();
  };
  for (const auto& [one, other] : {std::pair{"left", "right"}, std::pair{"top", "bottom"}}) {
    const std::vector<float> a = known(one), b = known(other);
    ASSERT_EQ(a.size(), 90u);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i] + b[i], 1) << one << i;
  }
  EXPECT_EQ(known("left")[0], 0);
  EXPECT_EQ(known("top")[0], 0);
  EXPECT_EQ(known("middle")[0], 1);
  EXPECT_EQ(known("middle")[3 * (2 * 6 + 3)], 0);
}

TEST(EvidenceTable, EveryKindHasItsWordsAndEveryWayItsTask) {
  for (const EvidenceKind kind :
       {EvidenceKind::KnownClean, EvidenceKind::KnownRenoised, EvidenceKind::NoisyPerturbed,
        EvidenceKind::NoisyStart, EvidenceKind::Coarse}) {
    const EvidenceWay* way = evidence_way(kind);
    ASSERT_NE(way, nullptr);
    EXPECT_EQ(evidence_way(way->name), way);
    EXPECT_EQ(evidence_task(*way).name, way->task);
    EXPECT_FALSE(way->help.empty());
  }
  EXPECT_EQ(evidence_way(EvidenceKind::None), nullptr);
  EXPECT_EQ(evidence_way(""), nullptr);
}

TEST(EvidenceTable, ShowsWhatIsKnown) {
  const Shape shape{1, 4, 4, 1};
  const std::vector<float> image(16, 0.5f);
  std::vector<float> known(16, 1.0f);
  known[3] = 0;
  const auto shown = [&](EvidenceKind kind) {
    return shown_evidence(make_evidence(kind, shape, image, known, 0.3));
  };
  EXPECT_EQ(shown(EvidenceKind::KnownClean)[3], 0);
  EXPECT_EQ(shown(EvidenceKind::KnownClean)[2], 0.5f);
  EXPECT_EQ(shown(EvidenceKind::NoisyStart), image);
  EXPECT_EQ(shown(EvidenceKind::Coarse), image);
  EXPECT_TRUE(shown(EvidenceKind::None).empty());
}

TEST(EvidenceTable, SaysWhereEvidenceHasNoSay) {
  const Shape shape{1, 4, 4, 1};
  const auto note = [&](EvidenceKind kind, bool draws) {
    return evidence_note(make_evidence(kind, shape, std::vector<float>(16), std::vector<float>(16), 1),
                         draws);
  };
  EXPECT_NE(note(EvidenceKind::Coarse, false).find("draws nothing"), std::string_view::npos);
  EXPECT_NE(note(EvidenceKind::NoisyPerturbed, false).find("draws nothing"), std::string_view::npos);
  EXPECT_TRUE(note(EvidenceKind::Coarse, true).empty());
  EXPECT_TRUE(note(EvidenceKind::KnownClean, false).empty());
  EXPECT_TRUE(note(EvidenceKind::NoisyStart, false).empty());
}

Evidence some_evidence(EvidenceKind kind, const Shape& shape) {
  std::vector<float> image, known;
  for (int i = 0; i < shape.image_size(); ++i) {
    image.push_back(std::sin(static_cast<float>(i)) / 3);
    known.push_back(i % 3 == 0 ? 1.0f : 0.0f);
  }
  return make_evidence(kind, shape, image, known, 1.0 / 3);
}

TEST(EvidenceText, ComesBackToTheBit) {
  for (const Shape& shape : {Shape{1, 5, 7, 1}, Shape{1, 4, 4, 3}}) {
    for (const EvidenceWay& way : evidence_ways()) {
      const Evidence evidence = some_evidence(way.kind, shape);
      const Result<Evidence> back = parse_evidence(format_evidence(evidence, shape));
      ASSERT_TRUE(back.ok()) << way.name;
      EXPECT_EQ(back->kind, evidence.kind);
      EXPECT_EQ(back->image, evidence.image);
      EXPECT_EQ(back->known, evidence.known);
      EXPECT_EQ(back->cells, evidence.cells);
      EXPECT_EQ(amount_of(*back), amount_of(evidence));
    }
  }
  EXPECT_EQ(format_evidence({}, {}), "");
  EXPECT_EQ(parse_evidence("")->kind, EvidenceKind::None);
}

TEST(EvidenceText, OtherTextIsRefusedInASentence) {
  const Shape shape{1, 2, 2, 1};
  const std::string good = format_evidence(some_evidence(EvidenceKind::KnownClean, shape), shape);
  for (size_t size = 1; size < good.size(); ++size)
    EXPECT_FALSE(parse_evidence(good.substr(0, size)).ok()) << size;
  for (const char* text : {"known-clean 2 2 1", "guess 2 2 1 0 0 -", "coarse 2 2 2 0 0 -",
                           "coarse 99999 1 1 0 0 -", "coarse 2 -2 1 0 0 -", "known-clean 2 2 1 zz"}) {
    EXPECT_FALSE(parse_evidence(text).ok()) << text;
  }
  EXPECT_NE(parse_evidence("x").error().message.find("cannot be read"), std::string::npos);
}

TEST(EvidenceText, APictureKeepsItBesideItsSettings) {
  const Shape shape{1, 3, 3, 1};
  const std::string text = format_evidence(some_evidence(EvidenceKind::NoisyStart, shape), shape);
  const Picture picture = grey(1, 1, {7});
  const auto with = encode_png(picture, "seed=4", text), without = encode_png(picture, "seed=4");
  EXPECT_EQ(*settings_of_png(with), "seed=4");
  EXPECT_EQ(*evidence_of_png(with), text);
  EXPECT_EQ(*settings_of_png(without), "seed=4");
  EXPECT_EQ(*evidence_of_png(without), "");
  auto flipped = with;
  flipped[100] ^= std::byte{1};
  EXPECT_FALSE(evidence_of_png(flipped).ok());
  EXPECT_FALSE(settings_of_png(flipped).ok() && *settings_of_png(flipped) != "seed=4");
}

}  // namespace
}  // namespace undiffuse
