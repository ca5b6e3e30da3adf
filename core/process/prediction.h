// From what a network emits to the answer (x0_hat, x0_var), and between the field's parameterisations.
//
// Everything after this file knows only the answer: the mean and the variance of x_0 given x_t.
#pragma once

#include <span>

#include "core/process/schedule.h"

namespace undiffuse {

/// What a network's output is: its mean half, and with Transition the variance half too.
enum class Prediction {
  V,    ///< v = sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x0 (Salimans & Ho 2022)
  Eps,  ///< the noise that made x_t (DDPM)
  X0,   ///< the image itself
  Edm,  ///< F of EDM's preconditioning: x0_hat = c_skip x + c_out F(c_in x) (Karras et al. 2022, table 1)
  Transition,  ///< z_mu and z_sigma of the network's own step t -> t - 1 (Sohl-Dickstein et al. 2015, D.2, as
               ///< the reference code has it): mu = x_t sqrt(1 - beta) + z_mu sqrt(beta),
               ///< Sigma = sigmoid(z_sigma / sqrt(T) + logit(beta)). At t = 1 the paper takes the forward
               ///< kernel instead: mu = x_1 sqrt(1 - beta_1), Sigma = beta_1
};

/// A prediction and what it is measured in. A Prediction alone stands for one with sigma_data = 1.
struct Parameterization {
  Parameterization(Prediction of = Prediction::V, double data_deviation = 1, const Schedule* own = nullptr)
      : prediction(of), sigma_data(data_deviation), trained(own) {}

  Prediction prediction;
  double sigma_data;        ///< Edm: standard deviation of the data's pixels that training assumed, > 0
  const Schedule* trained;  ///< Transition: the table whose steps it learned; outlives this
};

/// The affine map of a prediction: x0_hat = on_x x_t + on_output output, where the network sees
/// on_input x_t. 0 < alpha_bar < 1.
struct ToX0 {
  double on_x = 0;
  double on_output = 0;
  double on_input = 1;
};
ToX0 to_x0(Parameterization parameterization, double alpha_bar);

// Single conversions, for views that show them (and for tests). 0 < alpha_bar < 1.
double eps_from_x0(double x_t, double x0, double alpha_bar);
double v_from_x0(double x_t, double x0, double alpha_bar);
double score_from_x0(double x_t, double x0,
                     double alpha_bar);  ///< grad log p_t(x_t) = -eps / sqrt(1 - alpha_bar)
/// 0 where the output has no say (a Transition's t = 1).
double output_from_x0(Parameterization parameterization, double x_t, double x0, double alpha_bar);

/// From the variance half r of an output to x0_var: noise_var exp(r), or for a Transition, with
/// e = exp(scale r) - 1, noise_var (1 + gain e / (1 + beta e)). scale r is clamped to
/// [kMinLogVar, kMaxLogVar]; the trainers do the same.
///
/// The second is (Sigma - beta_tilde) / c0² of the network's own step, so that this step's
/// sigma² = beta_tilde + c0² x0_var is Sigma again. It is below 0 where Sigma < beta_tilde.
struct ToX0Var {
  double noise_var = 0;  ///< 1 - alpha_bar
  double scale = 1;      ///< Transition: 1 / sqrt(T)
  double gain = 0;       ///< Transition; 0 at its t = 1
  double beta = 0;       ///< Transition
};
inline constexpr double kMinLogVar = -14.0;
inline constexpr double kMaxLogVar = 4.0;
ToX0Var to_x0_var(Parameterization parameterization, double alpha_bar);

/// r from x0_var; 0 where it has no say.
double variance_output_from_x0_var(Parameterization parameterization, double x0_var, double alpha_bar);

/// A Transition's own step as the paper states it, for views: its mean and variance from z_mu and z_sigma.
struct OwnTransition {
  double mu = 0;
  double var = 0;
};
OwnTransition own_transition(Parameterization parameterization, double x_t, double z_mu, double z_sigma,
                             double alpha_bar);

/// Network output -> answer, for any number of pixels.
/// raw: [pixels, channels] or, with a learned variance, [pixels, 2 channels] with the mean's channels
/// first and r's after them. x_t, x0_hat, x0_var: [pixels, channels]. Without a learned variance
/// x0_var becomes 0 (a fixed variance is the reverse transition's choice).
void to_answer(Parameterization parameterization, bool learned_variance, int channels, double alpha_bar,
               std::span<const float> raw, std::span<const float> x_t, std::span<float> x0_hat,
               std::span<float> x0_var);

/// Classifier-free guidance (Ho & Salimans 2022), w = guidance scale, 1 is plain conditional:
/// x0_hat <- uncond + w (x0_hat - uncond). The same mix as on eps, since x0_hat is affine in eps.
void guide(std::span<float> x0_hat, std::span<const float> x0_hat_uncond, double w);

}  // namespace undiffuse
