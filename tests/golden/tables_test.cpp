// Tables, variances and terms of the bound against golden.json. Its index i is our t - 1.
#include <cmath>
#include <string>

#include "core/process/bound.h"
#include "core/process/forward_kernel.h"
#include "core/process/schedule.h"
#include "tests/golden/golden_file.h"

namespace undiffuse {
namespace {

using nlohmann::json;

const json& golden() {
  static const json file = read_golden("golden.json");
  return file;
}

const json& derived(const std::string& name) { return golden()["derived"].at(name)["value"]; }

Schedule linear(int num_steps) { return make_schedule({.family = ScheduleFamily::Linear}, num_steps); }
Schedule cosine(int num_steps) { return make_schedule({.family = ScheduleFamily::Cosine}, num_steps); }
Schedule constant_rate(int num_steps) {
  return make_schedule({.family = ScheduleFamily::ConstantRate}, num_steps);
}

double alpha_bar_at(const Schedule& schedule, int index) {
  return schedule.alpha_bar[static_cast<std::size_t>(index + 1)];
}

Posterior step(const Schedule& schedule, int index, int index_prev) {
  return q_posterior(alpha_bar_at(schedule, index), alpha_bar_at(schedule, index_prev));
}

void expect_relative(double value, const json& expected, double tol, const std::string& what) {
  const double wanted = expected;
  EXPECT_NEAR(value, wanted, tol * std::abs(wanted)) << what;
}

TEST(Golden, VariancesOfTheFixedSmallStep) {
  const Schedule schedule = linear(1000);
  ASSERT_EQ(golden()["variances"].size(), 7u);
  for (const json& entry : golden()["variances"]) {
    const Posterior q = step(schedule, entry["index"], entry["index_prev"]);
    EXPECT_NEAR(q.beta_tilde, entry["expected"].get<double>(), entry["tol"].get<double>()) << entry["name"];
  }
}

// beta and beta_tilde are differences of numbers near 1, so they carry the rounding of 1 (1e-16, and
// 1e-13 after a product of 4000 factors) over their own size: 1e-8 of a beta of 1e-5.
constexpr double kTableTol = 1e-8;

void expect_row(const Schedule& schedule, int index, const json& row) {
  const std::string where = "index " + std::to_string(index);
  const double alpha_bar = alpha_bar_at(schedule, index);
  const Posterior q = step(schedule, index, index - 1);
  expect_relative(schedule.beta(index + 1), row["beta"], kTableTol, where + " beta");
  expect_relative(alpha_bar, row["alpha_bar"], kTableTol, where + " alpha_bar");
  expect_relative(q.beta_tilde, row["post_var"], kTableTol, where + " beta_tilde");
  expect_relative(q.c0, row["coef1"], kTableTol, where + " c0");
  expect_relative(q.c1, row["coef2"], kTableTol, where + " c1");
  expect_relative(std::exp(-0.5 * log_snr(alpha_bar)), row["sigma_ve"], kTableTol, where + " noise level");
}

void expect_table(const Schedule& schedule, const json& table) {
  for (const auto& [key, value] : table.items()) {
    if (key.starts_with("prior")) continue;
    expect_row(schedule, std::stoi(key), value);
  }
  const double alpha_bar_T = schedule.alpha_bar.back();
  // Their KL takes 1 - alpha_bar first, which rounds off 1e-16 of a term that is small itself.
  EXPECT_NEAR(to_bits(prior_kl_nats(0, alpha_bar_T)), table["prior_bpd_x0=0"].get<double>(), 2e-16);
  expect_relative(to_bits(prior_kl_nats(1, alpha_bar_T)), table["prior_bpd_x0^2=1"], kTableTol, "prior");
  EXPECT_EQ(prior_kl_nats(1, alpha_bar_T), prior_kl_nats(-1, alpha_bar_T));
}

TEST(Golden, LinearTables) {
  expect_table(linear(1000), derived("iddpm.tables.linear_T1000"));
  expect_table(linear(4000), derived("iddpm.tables.linear_T4000"));
}

TEST(Golden, CosineTables) {
  expect_table(cosine(1000), derived("iddpm.tables.cosine_T1000"));
  expect_table(cosine(4000), derived("iddpm.tables.cosine_T4000"));
}

// E over unit-variance data of KL(q || p) with the forward kernel as p: the 2-point rule x0, eps = ±1
// has a normal's second moments, and the KL is quadratic in both.
double forward_kernel_kl_nats(const Schedule& schedule, int t) {
  const double alpha_bar = schedule.alpha_bar[static_cast<std::size_t>(t)];
  const Posterior q = q_posterior(alpha_bar, schedule.alpha_bar[static_cast<std::size_t>(t - 1)]);
  double sum = 0;
  for (const double x0 : {-1.0, 1.0}) {
    for (const double eps : {-1.0, 1.0}) {
      const double x_t = std::sqrt(alpha_bar) * x0 + std::sqrt(1 - alpha_bar) * eps;
      sum += gaussian_kl_nats(q.c0 * x0 + q.c1 * x_t, q.beta_tilde, std::sqrt(1 - q.beta) * x_t, q.beta);
    }
  }
  return sum / 4;
}

double sum_of_forward_kernel_kls(const Schedule& schedule) {
  double sum = 0;
  for (int t = 2; t <= schedule.num_steps(); ++t) sum += forward_kernel_kl_nats(schedule, t);
  return sum;
}

TEST(Golden, ConstantRateIsTheReferencesArray) {
  for (const int num_steps : {40, 500, 1000}) {
    const json& expected = derived("sd2015.reference_beta_array")["ref_beta_T" + std::to_string(num_steps)];
    const Schedule schedule = constant_rate(num_steps);
    const std::string where = "T = " + std::to_string(num_steps);
    // beta is a difference of numbers near 1: 1e-13 of a beta of 1e-3.
    expect_relative(schedule.beta(1), expected["beta[0]"], 1e-12, where);
    expect_relative(schedule.beta(2), expected["beta[1]"], 1e-12, where);
    expect_relative(schedule.beta(num_steps / 2 + 1), expected["beta[T//2]"], 1e-12, where);
    expect_relative(schedule.beta(num_steps), expected["beta[T-1]"], 1e-12, where);
    expect_relative(alpha_bar_at(schedule, 0), expected["abar[0]"], 1e-12, where);
    expect_relative(alpha_bar_at(schedule, num_steps / 2), expected["abar[T//2]"], 1e-12, where);
    expect_relative(alpha_bar_at(schedule, num_steps - 1), expected["abar[T-1]"], 1e-12, where);

    // The reference's estimator weighs T - 1 terms by T; without that slip the gap is 0.
    const double sum = sum_of_forward_kernel_kls(schedule), edges = edge_entropies_nats(schedule);
    const double null = null_log_likelihood_nats();
    const double weighted = sum * num_steps / (num_steps - 1);
    // T terms of about 1, each rounded to 1e-16 of it.
    EXPECT_NEAR(to_bits(edges - weighted - null),
                expected["reference_estimator_T_times_mean_KL_bits"].get<double>(), 1e-12)
        << where;
    EXPECT_NEAR(to_bits(edges - sum - null), 0, 1e-12) << where;
  }
}

TEST(Golden, EntropiesInBits) {
  // Closed forms; 1e-14 is rounding.
  EXPECT_NEAR(to_bits(gaussian_entropy_nats(1)), derived("sd2015.gauss_entropy_bits_per_dim").get<double>(),
              1e-14);
  EXPECT_NEAR(to_bits(2 * null_log_likelihood_nats()), derived("sd2015.swiss_roll_Lnull_bits").get<double>(),
              1e-14);
  EXPECT_NEAR(to_bits(3 * null_log_likelihood_nats()), derived("sd2015.cifar_3ch_Lnull").get<double>(),
              1e-14);
}

TEST(Golden, GaussianKl) {
  for (const json& entry : derived("iddpm.normal_kl")) {
    const json& args = entry["args"];  // mean, log variance, mean, log variance
    const double kl =
        gaussian_kl_nats(args[0], std::exp(args[1].get<double>()), args[2], std::exp(args[3].get<double>()));
    EXPECT_NEAR(kl, entry["kl"].get<double>(), 1e-15);  // rounding of terms near 1
  }
}

TEST(Golden, DecoderLikelihood) {
  for (const json& entry : derived("iddpm.discretized_gaussian_ll")) {
    const double sigma = std::exp(entry["log_scale"].get<double>());
    const double nll = decoder_nll_nats(entry["x"], entry["mean"], sigma);
    // They approximate the normal's integral by a tanh, whose slope is off by up to 1 % within 2.3
    // standard deviations, and the mass of a narrow bin with it. The last entry sits on the shared
    // floor of 1e-12, exactly.
    const bool floored = entry["ll"].get<double>() < -27;
    EXPECT_NEAR(nll, -entry["ll"].get<double>(), floored ? 1e-12 : 0.01) << entry;
  }
}

}  // namespace
}  // namespace undiffuse
