// What the network said for the inspected pixel, and how mu, sigma and the next x follow from it.
import { byId, element, math } from "../dom";
import { Field, type Run, type Transition } from "../engine/protocol";
import { formatNumber, pixelValue, shownStep, type State } from "../state";
import { isStill, rawSymbol } from "./equation";

interface Line {
  formula: string;
  /** The same with this pixel's numbers. */
  numbers: string;
  result: number | undefined;
}

/** One pixel's record. x is what the network was shown: x_t, or with churn x̂_t. */
interface Pixel {
  x_t: number;
  x: number;
  raw: number;
  /** The variance half of the output: r, or z^Σ. */
  variance: number;
  x0: number;
  x0_2: number;
  mu: number;
  sigma: number;
  z: number;
  next: number;
}

const f = (value: number | undefined, digits = 3) => formatNumber(value, digits);
const signed = (value: number) => (value < 0 ? `(${f(value)})` : f(value));

function read(state: State, transition: Transition): Pixel | undefined {
  const value = (field: Field) => pixelValue(state, field);
  const pixel = {
    x_t: value(Field.XT),
    x: value(transition.churn > 0 ? Field.XHat : Field.XT),
    raw: value(Field.MeanOutput),
    variance: value(Field.LogVar),
    x0: value(Field.X0Hat),
    x0_2: transition.second === "none" ? 0 : value(Field.X0Hat2),
    mu: value(Field.Mu),
    sigma: value(Field.Sigma),
    z: value(Field.Z),
    next: value(Field.XPrev),
  };
  return Object.values(pixel).includes(undefined) ? undefined : (pixel as Pixel);
}

function churnLines(transition: Transition, alphaBar: number, { x_t, x }: Pixel): Line[] {
  if (transition.churn === 0) return [];
  const keep = Math.sqrt(transition.alpha_bar_hat / alphaBar);
  const z = (x - keep * x_t) / transition.churn;
  return [
    {
      formula: "x̂_t = k x_t + s z′",
      numbers: `${f(keep)} · ${signed(x_t)} + ${f(transition.churn)} · ${signed(z)}`,
      result: x,
    },
  ];
}

const logit = (p: number) => Math.log(p / (1 - p));

/** A "transition" in its own terms: core/run/explain.cpp's OwnTerms. */
interface OwnTerms {
  beta: number;
  alphaBarPrev: number;
  first: boolean;
  mu: number;
  variance: number;
  /** The run's step is the network's own: nothing else is needed. */
  taken: boolean;
}

function ownTerms(run: Run, step: number, clip: boolean, pixel: Pixel): OwnTerms | undefined {
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
function ownLines(run: Run, own: OwnTerms | undefined, x: string, pixel: Pixel): Line[] {
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
function ownToX0(own: OwnTerms, alphaBar: number, x: string, pixel: Pixel): Line {
  if (own.alphaBarPrev === 1) return { formula: "x̂_0 = μ′", numbers: f(own.mu), result: pixel.x0 };
  const { c0, c1 } = posterior(alphaBar, own.alphaBarPrev);
  return {
    formula: `x̂_0 = (μ′ − c_1′ ${x}) / c_0′`,
    numbers: `(${f(own.mu, 4)} − ${f(c1, 4)} · ${signed(pixel.x)}) / ${f(c0, 4)}`,
    result: pixel.x0,
  };
}

function x0VarLine(own: OwnTerms | undefined, alphaBar: number, pixel: Pixel, result: number): Line {
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

/** From the raw output to x̂_0; x names what the network was shown. */
function answerLine(run: Run, own: OwnTerms | undefined, alphaBar: number, x: string, pixel: Pixel): Line {
  if (own) return ownToX0(own, alphaBar, x, pixel);
  const signal = Math.sqrt(alphaBar);
  const noise = Math.sqrt(1 - alphaBar);
  const { raw, x0: result } = pixel;
  switch (run.model.prediction) {
    case "v":
      return {
        formula: `x̂_0 = √ᾱ ${x} − √(1−ᾱ) v̂`,
        numbers: `${f(signal)} · ${signed(pixel.x)} − ${f(noise)} · ${signed(raw)}`,
        result,
      };
    case "eps":
      return {
        formula: `x̂_0 = (${x} − √(1−ᾱ) ε̂) / √ᾱ`,
        numbers: `(${f(pixel.x)} − ${f(noise)} · ${signed(raw)}) / ${f(signal)}`,
        result,
      };
    case "transition":
    case "x0":
      return { formula: "x̂_0 = raw output", numbers: f(raw), result };
    case "edm": {
      const deviation = run.model.sigma_data;
      const variance = alphaBar * deviation ** 2 + 1 - alphaBar; // of x_t
      const skip = (alphaBar * deviation ** 2) / variance;
      const out = (deviation * noise) / Math.sqrt(variance);
      return {
        formula: `x̂_0 = c_{skip} ${x}/√ᾱ + c_{out} F`,
        numbers: `${f(skip)} · ${signed(pixel.x / signal)} + ${f(out)} · ${signed(raw)}`,
        result,
      };
    }
  }
}

function clamped({ model: { range } }: Run, x0: number): number {
  return Math.min(range[1], Math.max(range[0], x0));
}

function meanLine(run: Run, transition: Transition, clip: boolean, x: string, pixel: Pixel): Line {
  const used = (x0: number) => (clip ? clamped(run, x0) : x0);
  const name = (symbol: string, x0: number) => (used(x0) === x0 ? symbol : `clip(${symbol})`);
  const { on_x0, on_x, on_second, second } = transition;
  const also = second !== "none";
  return {
    formula: `μ = c_0 ${name("x̂_0", pixel.x0)} + c_1 ${x}${also ? ` + c_2 ${name("x̂_0′", pixel.x0_2)}` : ""}`,
    numbers:
      `${f(on_x0)} · ${signed(used(pixel.x0))} + ${f(on_x)} · ${signed(pixel.x)}` +
      (also ? ` + ${signed(on_second)} · ${signed(used(pixel.x0_2))}` : ""),
    result: pixel.mu,
  };
}

function deviationLines(
  state: State,
  transition: Transition,
  own: OwnTerms | undefined,
  pixel: Pixel,
): Line[] {
  const { sigma } = pixel;
  if (isStill(transition)) return [{ formula: "σ", numbers: "no fresh noise", result: 0 }];
  if (transition.var_on_x0_var === 0) {
    const large = state.values.variance === "fixed-large" ? "σ^2 = β" : "σ^2 = β̃";
    const formula = state.values.sampler === "ddim" ? "σ^2 = η^2 β̃" : large;
    return [{ formula, numbers: `${f(transition.var_const, 4)}, so σ`, result: sigma }];
  }
  const variance = pixelValue(state, Field.X0Var)!;
  const c0 = Math.sqrt(transition.var_on_x0_var);
  return [
    x0VarLine(own, transition.alpha_bar_hat, pixel, variance),
    {
      formula: "σ^2 = β̃ + c_0^2 Var[x_0]",
      numbers: `${f(transition.var_const, 4)} + ${f(c0)}² · ${f(variance, 4)}, so σ`,
      result: sigma,
    },
  ];
}

function lines(state: State): Line[] {
  const run = state.source?.run;
  if (!run) return [];
  const step = shownStep(state);
  const transition = run.transition[step]!;
  const pixel = read(state, transition);
  if (!pixel) return [];
  const x = transition.churn > 0 ? "x̂_t" : "x_t";
  const clip = state.values.clip === 1;
  const own = ownTerms(run, step, clip, pixel);
  const byImage = () => [
    answerLine(run, own, transition.alpha_bar_hat, x, pixel),
    meanLine(run, transition, clip, x, pixel),
    ...deviationLines(state, transition, own, pixel),
  ];
  const root = () => ({ formula: "σ = √Σ", numbers: `√${f(own!.variance, 4)}`, result: pixel.sigma });
  return [
    ...churnLines(transition, run.alpha_bar[step]!, pixel),
    ...ownLines(run, own, x, pixel),
    ...(own?.taken ? [root()] : byImage()),
    {
      formula: "x_{t−1} = μ + σ z",
      numbers: `${f(pixel.mu)} + ${f(pixel.sigma)} · ${signed(pixel.z)}`,
      result: pixel.next,
    },
  ];
}

/** The network's own numbers: what it emits before anything is made of them. */
function rawText(state: State): string {
  const run = state.source?.run;
  const symbol = run?.model.prediction === "transition" ? "z^Σ" : "r";
  const variance = run?.model.learned_variance ? `,  ${symbol} = ${f(pixelValue(state, Field.LogVar))}` : "";
  return `${rawSymbol(run)} = ${f(pixelValue(state, Field.MeanOutput))}${variance}`;
}

const SECOND: Record<Transition["second"], string> = {
  none: "",
  previous: "the prediction before",
  "at-end": "a second look, at the step's end",
};

/** The other answer that the mean uses. */
function secondSaid(state: State): HTMLElement[] {
  const second = state.source?.run.transition[shownStep(state)]!.second ?? "none";
  if (second === "none") return [];
  const value = `x̂_0′ = ${f(pixelValue(state, Field.X0Hat2))}`;
  return [element("li", { class: "raw-output" }, element("span", {}, SECOND[second]), math(value))];
}

export class SaidView {
  private readonly root = byId("said");

  update(state: State): void {
    const follows = lines(state);
    this.root.classList.toggle("pending", follows.length === 0);
    if (follows.length === 0 && this.root.childElementCount > 0) return; // the last numbers stay, dimmed
    const rows = follows.map(({ formula, numbers, result }) =>
      element(
        "li",
        {},
        math(formula),
        element("span", { class: "substituted" }, `= ${numbers} =`),
        element("b", { class: "number" }, f(result)),
      ),
    );
    const said = element(
      "li",
      { class: "raw-output" },
      element("span", {}, state.source?.run.guided ? "raw output, guided" : "raw output"),
      math(rawText(state)),
    );
    this.root.replaceChildren(said, ...secondSaid(state), ...rows);
  }
}
