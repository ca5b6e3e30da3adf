// The rows of the settings table (settings.h); what is read and written with them is in settings.cpp.
#include <type_traits>
#include <vector>

#include "core/run/settings.h"

namespace undiffuse {
namespace {

// A row's access to its field. `field` returns a reference, so that fields of fields work as well.
template <auto field>
double get_number(const Settings& settings) {
  return static_cast<double>(field(const_cast<Settings&>(settings)));
}
template <auto field>
void set_number(Settings& settings, double value) {
  auto& reference = field(settings);
  reference = static_cast<std::remove_reference_t<decltype(reference)>>(value);
}

template <auto field>
Setting bound_to(Setting row) {
  row.get = get_number<field>;
  row.set = set_number<field>;
  return row;
}

template <class Enum>
constexpr double number(Enum value) {
  return static_cast<double>(value);
}

#define FIELD(path) \
  [](Settings & s) -> auto& { return s.path; }

std::vector<Setting> model_rows() {
  return {
      {.name = "model",
       .label = "Model",
       .help = "Which trained network denoises.",
       .type = SettingType::Text},
      bound_to<FIELD(label)>({.name = "class",
                              .label = "Class",
                              .help = "What the network is told to draw.",
                              .type = SettingType::Choice,
                              .min = 0,
                              .max = 999,
                              .options = {{"any", "any", kAnyClass}, {"each", "one of each", kEachClass}}}),
      bound_to<FIELD(guidance)>({.name = "guidance",
                                 .label = "Guidance",
                                 .help = "How strongly the class steers; 1 is the plain network.",
                                 .type = SettingType::Real,
                                 .min = 0,
                                 .max = 8,
                                 .step = 0.1}),
  };
}

std::vector<Setting> schedule_rows() {
  return {
      bound_to<FIELD(steps)>({.name = "steps",
                              .label = "Steps",
                              .help = "Reverse steps from noise to image: fewer are larger.",
                              .type = SettingType::Integer,
                              .min = 1,
                              .max = 1000,
                              .log_scale = true}),
      bound_to<FIELD(schedule.family)>(
          {.name = "schedule",
           .label = "Schedule",
           .help = "How the noise falls from step to step.",
           .type = SettingType::Choice,
           .options = {{"linear", "Linear (DDPM)", number(ScheduleFamily::Linear)},
                       {"cosine", "Cosine", number(ScheduleFamily::Cosine)},
                       {"constant-rate", "Constant rate (2015)", number(ScheduleFamily::ConstantRate)},
                       {"rho", "Rho (EDM)", number(ScheduleFamily::Rho)}}}),
      bound_to<FIELD(schedule.beta_start)>({.name = "beta_start",
                                            .label = "First beta",
                                            .help = "Noise variance added by the first of 1000 steps.",
                                            .type = SettingType::Real,
                                            .min = 1e-5,
                                            .max = 0.01,
                                            .step = 1e-5,
                                            .log_scale = true,
                                            .only_if_schedule = "linear"}),
      bound_to<FIELD(schedule.beta_end)>({.name = "beta_end",
                                          .label = "Last beta",
                                          .help = "Noise variance added by the last of 1000 steps.",
                                          .type = SettingType::Real,
                                          .min = 0.005,
                                          .max = 0.2,
                                          .step = 1e-3,
                                          .log_scale = true,
                                          .only_if_schedule = "linear"}),
      bound_to<FIELD(schedule.offset)>({.name = "offset",
                                        .label = "Offset",
                                        .help = "Where on the cosine it starts: larger adds noise sooner.",
                                        .type = SettingType::Real,
                                        .min = 0.001,
                                        .max = 0.5,
                                        .step = 1e-3,
                                        .log_scale = true,
                                        .only_if_schedule = "cosine"}),
      bound_to<FIELD(schedule.rho)>(
          {.name = "rho",
           .label = "Rho",
           .help = "Larger takes smaller steps near the image, larger ones near noise.",
           .type = SettingType::Real,
           .min = 1,
           .max = 20,
           .step = 0.5,
           .only_if_schedule = "rho"}),
      bound_to<FIELD(schedule.sigma_max)>({.name = "sigma_max",
                                           .label = "First noise level",
                                           .help = "Noise over signal where the run starts.",
                                           .type = SettingType::Real,
                                           .min = 1,
                                           .max = 80,
                                           .step = 0.1,
                                           .log_scale = true,
                                           .only_if_schedule = "rho"}),
      bound_to<FIELD(schedule.sigma_min)>({.name = "sigma_min",
                                           .label = "Last noise level",
                                           .help = "Noise over signal before the last step.",
                                           .type = SettingType::Real,
                                           .min = 0.002,
                                           .max = 0.5,
                                           .step = 1e-3,
                                           .log_scale = true,
                                           .only_if_schedule = "rho"}),
  };
}

std::vector<SettingOption> sampler_options() {
  std::vector<SettingOption> options;
  for (const SamplerRow& row : sampler_rows()) options.push_back({row.value, row.label, number(row.kind)});
  return options;
}

std::vector<Setting> churn_rows() {
  const std::vector<std::string_view> samplers = {"edm-euler", "edm-heun"};
  return {
      bound_to<FIELD(sampler.s_churn)>(
          {.name = "churn",
           .label = "Churn",
           .help = "Noise added before each step, for the network to take away again.",
           .type = SettingType::Real,
           .min = 0,
           .max = 100,
           .step = 1,
           .only_if_sampler = samplers}),
      bound_to<FIELD(sampler.s_min)>({.name = "churn_min",
                                      .label = "Churn down to",
                                      .help = "The lowest noise level at which noise is added.",
                                      .type = SettingType::Real,
                                      .min = 0,
                                      .max = 10,
                                      .step = 0.01,
                                      .only_if_sampler = samplers}),
      bound_to<FIELD(sampler.s_max)>({.name = "churn_max",
                                      .label = "Churn from",
                                      .help = "The highest noise level at which noise is added.",
                                      .type = SettingType::Real,
                                      .min = 0.1,
                                      .max = 80,
                                      .step = 0.1,
                                      .log_scale = true,
                                      .only_if_sampler = samplers}),
      bound_to<FIELD(sampler.s_noise)>(
          {.name = "churn_noise",
           .label = "Churn strength",
           .help = "Deviation of the added noise; a little over 1 makes up for lost detail.",
           .type = SettingType::Real,
           .min = 0.9,
           .max = 1.1,
           .step = 1e-3,
           .only_if_sampler = samplers}),
  };
}

std::vector<Setting> sampler_rows_of_table() {
  std::vector<Setting> rows = {
      bound_to<FIELD(sampler.kind)>({.name = "sampler",
                                     .label = "Sampler",
                                     .help = "How a step goes from the prediction to the next state.",
                                     .type = SettingType::Choice,
                                     .options = sampler_options()}),
      bound_to<FIELD(sampler.variance)>(
          {.name = "variance",
           .label = "Variance",
           .help = "The deviation of each ancestral step's Gaussian: learned for every pixel, or fixed.",
           .type = SettingType::Choice,
           .options = {{"learned", "Learned", number(Variance::Learned)},
                       {"fixed-small", "Fixed small", number(Variance::FixedSmall)},
                       {"fixed-large", "Fixed large", number(Variance::FixedLarge)}},
           .only_if_sampler = {"ancestral"}}),
      bound_to<FIELD(sampler.eta)>(
          {.name = "eta",
           .label = "Eta",
           .help = "Fresh noise in each step: 0 none, 1 as much as ancestral steps draw.",
           .type = SettingType::Real,
           .min = 0,
           .max = 1,
           .step = 0.05,
           .only_if_sampler = {"ddim"}}),
  };
  const std::vector<Setting> churn = churn_rows();
  rows.insert(rows.end(), churn.begin(), churn.end());
  return rows;
}

std::vector<Setting> picture_rows() {
  return {
      bound_to<FIELD(clip)>({.name = "clip",
                             .label = "Clip x̂₀",
                             .help = "Keep the predicted image between black and white.",
                             .type = SettingType::Switch,
                             .min = 0,
                             .max = 1}),
      bound_to<FIELD(images)>({.name = "images",
                               .label = "Images",
                               .help = "How many images are drawn at once.",
                               .type = SettingType::Choice,
                               .options = {{"1", "1", 1}, {"4", "4", 4}, {"16", "16", 16}}}),
      bound_to<FIELD(seed)>({.name = "seed",
                             .label = "Seed",
                             .help = "The same seed draws the same noise on every machine.",
                             .type = SettingType::Integer,
                             .min = 0,
                             .max = 4294967295.0}),
      bound_to<FIELD(speed)>({.name = "speed",
                              .label = "Speed",
                              .help = "Steps shown a second while playing.",
                              .type = SettingType::Real,
                              .min = 1,
                              .max = 60,
                              .step = 1,
                              .log_scale = true}),
  };
}

#undef FIELD

std::vector<Setting> make_table() {
  std::vector<Setting> table = model_rows();
  for (auto&& rows : {schedule_rows(), sampler_rows_of_table(), picture_rows()})
    table.insert(table.end(), rows.begin(), rows.end());
  return table;
}

}  // namespace

std::span<const Setting> settings_table() {
  static const std::vector<Setting> table = make_table();
  return table;
}

}  // namespace undiffuse
