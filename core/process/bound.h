// Terms of the variational bound on ln p(x_0), each of one element (pixel and channel).
//
// Two ways to add them up. DDPM and improved DDPM, a bound on the negative log likelihood of grey
// levels: prior_kl + sum over t = 2..T of transition_kl + decoder_nll at t = 1. The 2015 paper's K
// (eq. 13-14), a bound on the log density: edge_entropies - sum over t = 2..T of transition_kl.
#pragma once

#include "core/base/data_range.h"
#include "core/process/forward_kernel.h"
#include "core/process/reverse_transition.h"
#include "core/process/schedule.h"

namespace undiffuse {

/// Nats as bits. Of a mean over elements in nats: bits per dimension.
double to_bits(double nats);

/// KL(N(mean_q, var_q) || N(mean_p, var_p)) >= 0. Variances > 0.
double gaussian_kl_nats(double mean_q, double var_q, double mean_p, double var_p);

/// Differential entropy ½ ln(2 pi e var). var > 0.
double gaussian_entropy_nats(double var);

/// KL(q(x_s | x_t, x_0) || p(x_s | x_t)) for s >= 1, both of the same step t -> s. x_t drops out:
/// both means take it with the same weight.
double transition_kl_nats(const Posterior& q, const ReverseTransition& p, double x0, double x0_hat,
                          double x0_var);

/// KL(q(x_T | x_0) || N(0, 1)).
double prior_kl_nats(double x0, double alpha_bar_T);

/// -ln of the mass that N(mu, sigma²) has in the grey level's bin around x0 (DDPM eq. 13; the
/// outer bins reach to infinity), 255 bins apart from black to white. x0 in the range, sigma > 0. At most
/// -ln 1e-12 = 27.6.
double decoder_nll_nats(double x0, double mu, double sigma, DataRange range = {});

/// H_q(X_T | X_0) - H_q(X_1 | X_0) - H_p(X_T): what K adds to its sum of -KL. It stands for data of
/// unit variance, with the forward kernel itself as p(x_0 | x_1).
double edge_entropies_nats(const Schedule& schedule);

/// L_null, the 2015 paper's yardstick: the mean log likelihood of unit-variance data under N(0, 1).
double null_log_likelihood_nats();

/// Between these lies H_q(X_s | X_t) (2015, eq. 24): entropies of beta_tilde and beta. The upper one
/// needs data of at most unit variance. s >= 1, so alpha_bar_s < 1.
struct EntropyBounds {
  double lower_nats = 0;
  double upper_nats = 0;
};
EntropyBounds reverse_entropy_bounds(double alpha_bar_t, double alpha_bar_s);

}  // namespace undiffuse
