// Equations of a "transition" network (the 2015 paper's), in the paper's words; core/run/explain.cpp is the twin.
import type { Run } from "../engine/protocol";
import { clamped, f, signed, type Line, type Pixel } from "./said-line";

const logit = (p: number) => Math.log(p / (1 - p));

/** A "transition" in its own terms: core/run/explain.cpp's OwnTerms. */
export interface OwnTerms {
  beta: number;
  alphaBarPrev: number;
  first: boolean;
  mu: number;
  variance: number;
  /** The run's step is the network's own: nothing else is needed. */
  taken: boolean;
}

export function ownTerms(run: Run, step: number, clip: boolean, pixel: Pixel): OwnTerms | undefined {
  const transition = run.transition[step]!;
  if (!transition.own) return undefined;
  const { beta, alpha_bar_prev: alphaBarPrev, first } = transition.own;
  const exponent = Math.min(4, Math.max(-14, pixel.variance / Math.sqrt(run.model.num_steps)));
  const plain = transition.var_on_x0_var !== 0 && transition.second === "none" && transition.churn === 0;
  const clipped = clip && clamped(run, pixel.x0) !== pixel.x0;
  return {
    beta,
    alphaBarPrev,
    first,
    mu: Math.sqrt(1 - beta) * pixel.x + (first ? 0 : Math.sqrt(beta) * pixel.raw),
    variance: first ? beta : 1 / (1 + Math.exp(-exponent - logit(beta))),
    taken: plain && !clipped && Math.abs(run.alpha_bar[step + 1]! - alphaBarPrev) < 1e-12,
  };
}

/** μ and Σ of the network's own step, primed where the run takes another; at t = 1 the forward kernel. */
export function ownLines(run: Run, own: OwnTerms | undefined, x: string, pixel: Pixel): Line[] {
  if (!own) return [];
  const prime = own.taken ? "" : "′";
  const kept = `${f(Math.sqrt(1 - own.beta))} · ${signed(pixel.x)}`;
  if (own.first)
    return [
      { formula: `μ${prime} = √(1−β) ${x}`, numbers: kept, result: own.mu },
      { formula: `Σ${prime} = β`, numbers: "the forward kernel, at t = 1", result: own.variance },
    ];
  const exponent = pixel.variance / Math.sqrt(run.model.num_steps);
  return [
    {
      formula: `μ${prime} = √(1−β) ${x} + √β z^μ`,
      numbers: `${kept} + ${f(Math.sqrt(own.beta))} · ${signed(pixel.raw)}`,
      result: own.mu,
    },
    {
      formula: `Σ${prime} = sigmoid(z^Σ/√T + logit β)`,
      numbers: `sigmoid(${f(exponent)} + ${signed(logit(own.beta))})`,
      result: own.variance,
    },
  ];
}

/** Of q(x_s | x_t, x_0) from alphaBar to a cleaner alphaBarPrev: core/process/forward_kernel.h. */
function posterior(alphaBar: number, alphaBarPrev: number): { c0: number; c1: number; betaTilde: number } {
  const alpha = alphaBar / alphaBarPrev;
  return {
    c0: (Math.sqrt(alphaBarPrev) * (1 - alpha)) / (1 - alphaBar),
    c1: (Math.sqrt(alpha) * (1 - alphaBarPrev)) / (1 - alphaBar),
    betaTilde: ((1 - alpha) * (1 - alphaBarPrev)) / (1 - alphaBar),
  };
}

/** From μ′ of the own step to x̂_0, on which any step may build. */
export function ownToX0(own: OwnTerms, alphaBar: number, x: string, pixel: Pixel): Line {
  if (own.alphaBarPrev === 1) return { formula: "x̂_0 = μ′", numbers: f(own.mu), result: pixel.x0 };
  const { c0, c1 } = posterior(alphaBar, own.alphaBarPrev);
  return {
    formula: `x̂_0 = (μ′ − c_1′ ${x}) / c_0′`,
    numbers: `(${f(own.mu, 4)} − ${f(c1, 4)} · ${signed(pixel.x)}) / ${f(c0, 4)}`,
    result: pixel.x0,
  };
}

export function x0VarLine(own: OwnTerms | undefined, alphaBar: number, pixel: Pixel, result: number): Line {
  if (!own)
    return {
      formula: "Var[x_0] = (1−ᾱ) e^r",
      numbers: `${f(1 - alphaBar)} · e^${signed(pixel.variance)}`,
      result,
    };
  if (own.alphaBarPrev === 1) return { formula: "Var[x_0] = Σ′", numbers: f(own.variance, 4), result };
  const { c0, betaTilde } = posterior(alphaBar, own.alphaBarPrev);
  return {
    formula: "Var[x_0] = (Σ′ − β̃′) / c_0′^2",
    numbers: `(${f(own.variance, 6)} − ${f(betaTilde, 6)}) / ${f(c0, 4)}²`,
    result,
  };
}
