"""The variational bound of a model on test images, in bits/dim (science: improved DDPM's accounting).

bits/dim = KL(q(x_T|x_0) || N(0, I)) + sum over t = 2..T of KL(q(x_{t-1}|x_t, x_0) || p(x_{t-1}|x_t))
- log2 p(x_0|x_1), the last over the grey levels' bins; each a mean over pixels. Every term is a mean
over its own draw of test images and noise, so the terms' errors add up as independent ones do.
"""

import math

import torch

from diffusion import decoder_nll_nats, q_sample, transition, variance_kl_nats
from sampling import VARIANCES

# (last t, images for each t up to it): the early terms are large and differ from image to image.
IMAGES_PER_TERM = ((1, 4000), (10, 500), (100, 50), (1000, 12))


def draw_terms(num_steps, num_images, effort, generator):
    """-> (t [N], image [N]): which test images each term sees; `effort` scales their number. Where that is more than
    there are, all of them come in order, in as many rounds as it takes."""
    times, images = [], []
    for t in range(1, num_steps + 1):
        count = max(2, round(effort * next(count for last, count in IMAGES_PER_TERM if t <= last)))
        rounds = -(-count // num_images)
        images.append(torch.arange(num_images).repeat(rounds) if rounds > 1
                      else torch.randperm(num_images, generator=generator)[:count])
        times.append(torch.full_like(images[-1], t))
    return torch.cat(times), torch.cat(images)


def image_mean_bits(nats):
    return nats.double().flatten(1).mean(dim=1) / math.log(2)


def kl_bits(x0, x0_hat, r, alpha_bar, t):
    """{variance: [B]} for t >= 2. As log variances over 1 - alpha_bar, fixed-small is -inf, fixed-large 0."""
    log_var = {"learned": r, "fixed-small": torch.full_like(r, -math.inf), "fixed-large": torch.zeros_like(r)}
    return {name: image_mean_bits(variance_kl_nats(x0, x0_hat, value, alpha_bar[t], alpha_bar[t - 1]))
            for name, value in log_var.items()}


def decoder_bits(x0, x0_hat, r, alpha_bar):
    """{variance: [B]} for t = 1, in double: the float32 error function ends at 5 standard deviations.

    Both fixed variances take beta_tilde of t = 2 here, as improved DDPM does: beta_tilde of t = 1 is 0,
    and beta of t = 1 (what sampling with fixed-large means) gives a worse bound.
    """
    fixed = torch.log(transition(alpha_bar[2], alpha_bar[1])[2]).expand_as(r)
    log_var = {"learned": r.double() + torch.log(1 - alpha_bar[1]), "fixed-small": fixed, "fixed-large": fixed}
    return {name: image_mean_bits(decoder_nll_nats(x0.double(), x0_hat.double(), value))
            for name, value in log_var.items()}


def prior_bits(x0, alpha_bar):
    """KL(q(x_T|x_0) || N(0, I)), exact, over all the images."""
    left = alpha_bar[-1].item()
    return (0.5 * (left * x0.double() ** 2 - left - math.log1p(-left))).mean().item() / math.log(2)


@torch.no_grad()
def bound_values(model, prediction, x0_all, labels_all, t_all, image_all, alpha_bar, eps_of, batch=250):
    """{variance: bits/dim of each (t, image)}: the same model calls and noise for every variance.

    alpha_bar is the model's table, or rows of it for a bound of fewer steps; eps_of(t, image) -> [B,C,H,W].
    """
    values = {name: torch.empty(len(t_all), dtype=torch.float64) for name in VARIANCES}
    groups = [torch.nonzero(t_all == 1)[:, 0], torch.nonzero(t_all > 1)[:, 0]]
    for where in [part for group in groups if len(group) for part in group.split(batch)]:
        t, x0 = t_all[where], x0_all[image_all[where]]
        x_t = q_sample(x0, alpha_bar[t], eps_of(t, image_all[where]))
        model_t = prediction.model_t(alpha_bar[t]).float()
        raw = model(x_t.contiguous(memory_format=torch.channels_last), model_t, labels_all[image_all[where]])
        x0_hat, r = prediction.mean_and_r(raw, x_t, alpha_bar[t])
        found = decoder_bits(x0, x0_hat, r, alpha_bar) if t[0] == 1 else kl_bits(x0, x0_hat, r, alpha_bar, t)
        for name in VARIANCES:
            values[name][where] = found[name]
    return values


def by_term(values, t_all):
    return values.split(torch.bincount(t_all)[1:].tolist())  # t_all is sorted


def variance_of_mean(part, num_images):
    """Of one term's values. Where every test image was seen in rounds, only the noise was left to chance."""
    rounds = part.view(-1, num_images) if len(part) > num_images else part[:, None]
    return rounds.var(dim=0).mean().item() / len(part)


def total_and_error(values, t_all, num_images):
    """Sum over t of the mean over its images, and the standard error of that sum for these num_images test images."""
    parts = by_term(values, t_all)
    variance = sum(variance_of_mean(part, num_images) for part in parts)
    return sum(part.mean().item() for part in parts), math.sqrt(variance)


def spread_of_images(values, t_all, num_images):
    """Of the terms that saw every test image in rounds: {"last_t", "standard_error"}, by which their sum would differ
    for as many other images; {} if there are none. The error above, of these images, does not have it."""
    seen = [part.view(-1, num_images).mean(dim=0) for part in by_term(values, t_all) if len(part) > num_images]
    if not seen:
        return {}
    return {"last_t": len(seen), "standard_error": sum(seen).std().item() / math.sqrt(num_images)}


def summarise(values, t_all, prior, num_images):
    """Totals, their shares by t, and each fixed variance's paired difference to the learned one."""
    result = {"other_images": spread_of_images(values["learned"], t_all, num_images)}
    for name in VARIANCES:
        total, error = total_and_error(values[name], t_all, num_images)
        shares, first = {}, 1
        for last, _ in IMAGES_PER_TERM:
            inside = (t_all >= first) & (t_all <= last)
            shares[f"t={first}" if first == last else f"t={first}..{last}"] = total_and_error(
                values[name][inside], t_all[inside] - first + 1, num_images)[0]
            first = last + 1
        result[name] = {"bits_per_dim": total + prior, "standard_error": error, "terms": {"prior": prior, **shares}}
        if name != "learned":
            difference, error = total_and_error(values[name] - values["learned"], t_all, num_images)
            result[name].update(above_learned=difference, above_learned_standard_error=error)
    return result


def measure_bound(model, prediction, x0, labels, seed=1, effort=1.0):
    """Test images, true class, guidance 1, no clipping -> {variance: {bits_per_dim, standard_error, ...}}."""
    alpha_bar = torch.from_numpy(prediction.table)
    generator = torch.Generator().manual_seed(seed)
    t_all, image_all = draw_terms(len(alpha_bar) - 1, len(x0), effort, generator)
    eps_of = lambda t, image: torch.randn((len(t), *x0.shape[1:]), generator=generator)
    values = bound_values(model, prediction, x0, labels, t_all, image_all, alpha_bar, eps_of)
    return {"model_calls": len(t_all), **summarise(values, t_all, prior_bits(x0, alpha_bar), len(x0))}
