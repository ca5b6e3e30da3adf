#include "core/run/settings.h"

#include <gtest/gtest.h>

#include <random>

namespace undiffuse {
namespace {

TEST(Settings, DefaultsOfTheStructAreTheTables) {
  EXPECT_EQ(parse_settings("").settings, Settings{});
  EXPECT_EQ(format_settings(Settings{}), "");
}

TEST(Settings, EveryRowIsCompleteAndItsDefaultLegal) {
  for (const Setting& row : settings_table()) {
    EXPECT_FALSE(row.label.empty()) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    const ParsedSettings parsed = parse_settings(std::string(row.name) + "=" + format_value(row, Settings{}));
    EXPECT_EQ(parsed.settings, Settings{}) << row.name;
    EXPECT_TRUE(parsed.notes.empty()) << row.name << ": " << parsed.notes.front();
  }
}

TEST(Settings, EveryValueRoundTrips) {
  const std::string text =
      "model=fashion&class=each&guidance=2.5&steps=250&schedule=linear&beta_start=0.0002&"
      "beta_end=0.03&offset=0.02&rho=5&sigma_max=40&sigma_min=0.01&sampler=edm-heun&variance=fixed-large&"
      "eta=0.25&churn=40&churn_min=0.05&churn_max=50&churn_noise=1.003&clip=0&images=16&seed=4294967295&"
      "speed=25";
  const ParsedSettings parsed = parse_settings(text);
  EXPECT_TRUE(parsed.notes.empty());
  EXPECT_EQ(parsed.settings.label, kEachClass);
  EXPECT_EQ(parsed.settings.schedule.family, ScheduleFamily::Linear);
  EXPECT_EQ(parsed.settings.schedule.beta_start, 0.0002);
  EXPECT_EQ(parsed.settings.sampler.variance, Variance::FixedLarge);
  EXPECT_EQ(parsed.settings.schedule.sigma_min, 0.01);
  EXPECT_EQ(parsed.settings.sampler.kind, SamplerKind::EdmHeun);
  EXPECT_EQ(parsed.settings.sampler.s_noise, 1.003);
  EXPECT_EQ(parsed.settings.seed, 4294967295u);
  EXPECT_FALSE(parsed.settings.clip);
  EXPECT_EQ(format_settings(parsed.settings), text);
}

TEST(Settings, OutOfRangeIsClampedWithASentence) {
  const ParsedSettings parsed = parse_settings("steps=5000&seed=-3&beta_end=7&schedule=linear");
  EXPECT_EQ(parsed.settings.steps, 1000);
  EXPECT_EQ(parsed.settings.seed, 0u);
  EXPECT_EQ(parsed.settings.schedule.beta_end, 0.2);
  ASSERT_EQ(parsed.notes.size(), 3u);
  EXPECT_EQ(parsed.notes[0], "Steps is a whole number from 1 to 1000; '5000' became 1000.");
}

TEST(Settings, NonsenseIsRefusedWithASentence) {
  const ParsedSettings parsed = parse_settings(
      "#steps=many&schedule=wild&class=cat&colour=red&model=../x&images=3&guidance=1e999&steps");
  EXPECT_EQ(parsed.settings, Settings{});
  EXPECT_EQ(parsed.notes.size(), 8u);
  EXPECT_EQ(parsed.notes[0], "Steps takes a number, not 'many'; kept 50.");
  EXPECT_EQ(parsed.notes[1],
            "Schedule is one of linear, cosine, constant-rate, rho, not 'wild'; kept cosine.");
  EXPECT_EQ(parsed.notes[3], "There is no setting 'colour'; ignored.");
}

TEST(Settings, WholeNumbersRound) {
  const ParsedSettings parsed = parse_settings("steps=20.4");
  EXPECT_EQ(parsed.settings.steps, 20);
  EXPECT_EQ(parsed.notes.size(), 1u);
}

TEST(Settings, PercentEscapesAreDecoded) {
  EXPECT_EQ(parse_settings("?steps%3d7").settings, Settings{});  // an escaped '=' splits nothing
  EXPECT_EQ(parse_settings("s%74eps=%37").settings.steps, 7);
  EXPECT_EQ(parse_settings("steps=7%").settings.steps, 50);
}

std::string rows_in_use(const std::string& text) {
  const Settings settings = parse_settings(text).settings;
  std::string names;
  for (const Setting& row : settings_table()) {
    const bool conditional = !row.only_if_schedule.empty() || !row.only_if_sampler.empty();
    if (conditional && is_in_use(row, settings)) names += std::string(row.name) + " ";
  }
  return names;
}

TEST(Settings, ParametersAreInUseWithTheirScheduleAndSampler) {
  EXPECT_EQ(rows_in_use(""), "offset variance ");
  EXPECT_EQ(rows_in_use("schedule=linear&sampler=ddim"), "beta_start beta_end eta ");
  EXPECT_EQ(rows_in_use("schedule=rho&sampler=dpm-solver-2m"), "rho sigma_max sigma_min ");
  EXPECT_EQ(rows_in_use("schedule=constant-rate&sampler=edm-euler"),
            "churn churn_min churn_max churn_noise ");
  EXPECT_EQ(rows_in_use("schedule=constant-rate&sampler=edm-heun"), "churn churn_min churn_max churn_noise ");
}

// What a row says of schedules and samplers must be values of theirs.
TEST(Settings, ConditionsNameWhatThereIs) {
  for (const Setting& row : settings_table()) {
    for (const std::string_view value : row.only_if_sampler) {
      EXPECT_TRUE(parse_settings("sampler=" + std::string(value)).notes.empty()) << row.name;
    }
    if (row.only_if_schedule.empty()) continue;
    EXPECT_TRUE(parse_settings("schedule=" + std::string(row.only_if_schedule)).notes.empty()) << row.name;
  }
}

TEST(Settings, SpeedIsNoPartOfThePicture) {
  Settings faster;
  faster.speed = 60;
  EXPECT_TRUE(Settings{}.same_picture(faster));
  Settings other;
  other.schedule.offset = 0.1;
  EXPECT_FALSE(Settings{}.same_picture(other));
}

// Whatever a stranger writes into a URL: the result is always legal, and canonical after one pass.
TEST(Settings, AnyStringGivesLegalSettings) {
  std::mt19937 random(1);
  const std::string alphabet = "stepcla=&%#0123456789.-+eE\xff\x01 schedulinearbt_";
  for (int i = 0; i < 20000; ++i) {
    std::string text = i % 2 ? "steps=" : "beta_end=";
    for (unsigned length = random() % 40; length > 0; --length) text += alphabet[random() % alphabet.size()];
    const Settings settings = parse_settings(text).settings;
    const ParsedSettings again = parse_settings(format_settings(settings));
    ASSERT_EQ(again.settings, settings) << text;
    ASSERT_TRUE(again.notes.empty()) << text;
  }
}

}  // namespace
}  // namespace undiffuse
