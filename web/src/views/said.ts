// What the network said for the inspected pixel, and how mu, sigma and the next x follow from it.
import { byId, element, math } from "../dom";
import { Field, type Run, type Transition } from "../engine/protocol";
import { pixelValue, shownStep, type State } from "../state";
import { isStill, rawSymbol } from "./equation";
import { clamped, f, signed, type Line, type Pixel } from "./said-line";
import { ownLines, ownTerms, ownToX0, x0VarLine, type OwnTerms } from "./said-transition";

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

const usedX0 = (run: Run, clip: boolean, x0: number) => (clip ? clamped(run, x0) : x0);

/** Of float32 in mu and sigma. */
const ROUNDING = 1e-5;

/** mu as it follows from the answer alone: the record's, unless there is evidence. */
function muBeforeEvidence(run: Run, transition: Transition, clip: boolean, pixel: Pixel): number {
  if (!run.evidence) return pixel.mu;
  const { on_x0, on_x, on_second } = transition;
  const used = (x0: number) => usedX0(run, clip, x0);
  return on_x0 * used(pixel.x0) + on_x * pixel.x + on_second * used(pixel.x0_2);
}

function sigmaBeforeEvidence(state: State, run: Run, transition: Transition, sigma: number): number {
  if (!run.evidence) return sigma;
  const { var_const, var_on_x0_var, var_least } = transition;
  const variance = var_const + var_on_x0_var * pixelValue(state, Field.X0Var)!;
  return Math.sqrt(Math.max(variance, var_least));
}

/** The Gaussian times r(x): what the evidence changes of it. */
function evidenceLines(run: Run, pixel: Pixel, mu: number, sigma: number): Line[] {
  const changes = Math.max(Math.abs(pixel.mu - mu), Math.abs(pixel.sigma - sigma)) > ROUNDING;
  if (!run.evidence || !changes) return [];
  const changed = (before: number, now: number) => `${f(before)} + ${signed(now - before)}`;
  return [
    { formula: "μ with r(x)", numbers: changed(mu, pixel.mu), result: pixel.mu },
    { formula: "σ with r(x)", numbers: changed(sigma, pixel.sigma), result: pixel.sigma },
  ];
}

function meanLine(run: Run, transition: Transition, clip: boolean, x: string, pixel: Pixel): Line {
  const used = (x0: number) => usedX0(run, clip, x0);
  const name = (symbol: string, x0: number) => (used(x0) === x0 ? symbol : `clip(${symbol})`);
  const { on_x0, on_x, on_second, second } = transition;
  const also = second !== "none";
  return {
    formula: `μ = c_0 ${name("x̂_0", pixel.x0)} + c_1 ${x}${also ? ` + c_2 ${name("x̂_0′", pixel.x0_2)}` : ""}`,
    numbers:
      `${f(on_x0)} · ${signed(used(pixel.x0))} + ${f(on_x)} · ${signed(pixel.x)}` +
      (also ? ` + ${signed(on_second)} · ${signed(used(pixel.x0_2))}` : ""),
    result: muBeforeEvidence(run, transition, clip, pixel),
  };
}

function deviationLines(
  state: State,
  transition: Transition,
  own: OwnTerms | undefined,
  pixel: Pixel,
  sigma: number,
): Line[] {
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
  const mu = muBeforeEvidence(run, transition, clip, pixel);
  const sigma = sigmaBeforeEvidence(state, run, transition, pixel.sigma);
  const byImage = () => [
    answerLine(run, own, transition.alpha_bar_hat, x, pixel),
    meanLine(run, transition, clip, x, pixel),
    ...deviationLines(state, transition, own, pixel, sigma),
  ];
  const root = () => ({ formula: "σ = √Σ", numbers: `√${f(own!.variance, 4)}`, result: sigma });
  return [
    ...churnLines(transition, run.alpha_bar[step]!, pixel),
    ...ownLines(run, own, x, pixel),
    ...(own?.taken ? [root()] : byImage()),
    ...evidenceLines(run, pixel, mu, sigma),
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
