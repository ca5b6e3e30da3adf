// From what a network emits to the answer (x0_hat, x0_var), and between the field's parameterisations.
//
// Everything after this file knows only the answer: the mean and the variance of x_0 given x_t.
#pragma once

#include <span>

namespace undiffuse {

/// What the mean half of a network's output is.
enum class Prediction {
  V,    ///< v = sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x0 (Salimans & Ho 2022)
  Eps,  ///< the noise that made x_t (DDPM)
  X0,   ///< the image itself
  Edm,  ///< F of EDM's preconditioning: x0_hat = c_skip x + c_out F(c_in x) (Karras et al. 2022, table 1)
};

/// A prediction and what it is measured in. A Prediction alone stands for one with sigma_data = 1.
struct Parameterization {
  Parameterization(Prediction of = Prediction::V, double data_deviation = 1)
      : prediction(of), sigma_data(data_deviation) {}

  Prediction prediction;
  double sigma_data;  ///< Edm: standard deviation of the data's pixels that training assumed, > 0
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
double output_from_x0(Parameterization parameterization, double x_t, double x0, double alpha_bar);

/// r of a learned variance x0_var = (1 - alpha_bar) exp(r) is clamped here; the trainer does the same.
inline constexpr double kMinLogVar = -14.0;
inline constexpr double kMaxLogVar = 4.0;

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
