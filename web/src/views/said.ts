// What the network said for the inspected pixel, and how mu, sigma and the next x follow from it.
import { byId, element, math } from "../dom";
import { Field, type Run } from "../engine/protocol";
import { formatNumber, pixelValue, shownStep, type State } from "../state";

interface Line {
  formula: string;
  /** The same with this pixel's numbers. */
  numbers: string;
  result: number | undefined;
}

const f = (value: number | undefined, digits = 3) => formatNumber(value, digits);
const signed = (value: number) => (value < 0 ? `(${f(value)})` : f(value));

function meanLine(run: Run, alphaBar: number, x: number, raw: number, x0: number): Line {
  const signal = Math.sqrt(alphaBar);
  const noise = Math.sqrt(1 - alphaBar);
  switch (run.model.prediction) {
    case "v":
      return {
        formula: "x̂_0 = √ᾱ x_t − √(1−ᾱ) v̂",
        numbers: `${f(signal)} · ${signed(x)} − ${f(noise)} · ${signed(raw)}`,
        result: x0,
      };
    case "eps":
      return {
        formula: "x̂_0 = (x_t − √(1−ᾱ) ε̂) / √ᾱ",
        numbers: `(${f(x)} − ${f(noise)} · ${signed(raw)}) / ${f(signal)}`,
        result: x0,
      };
    case "x0":
      return { formula: "x̂_0 = raw output", numbers: f(raw), result: x0 };
  }
}

function varianceLines(state: State, run: Run, alphaBar: number, sigma: number): Line[] {
  const transition = run.transition[shownStep(state)]!;
  const variance = pixelValue(state, Field.X0Var)!;
  const fixed: Line = {
    formula: state.values.variance === "fixed-large" ? "σ^2 = β" : "σ^2 = β̃",
    numbers: f(transition.var_const, 4),
    result: sigma,
  };
  if (transition.var_on_x0_var === 0) return [fixed];
  const r = pixelValue(state, Field.LogVar)!;
  const c0 = Math.sqrt(transition.var_on_x0_var);
  return [
    { formula: "Var[x_0] = (1−ᾱ) e^r", numbers: `${f(1 - alphaBar)} · e^${signed(r)}`, result: variance },
    {
      formula: "σ^2 = β̃ + c_0^2 Var[x_0]",
      numbers: `${f(transition.var_const, 4)} + ${f(c0)}² · ${f(variance, 4)}, so σ`,
      result: sigma,
    },
  ];
}

function lines(state: State): Line[] {
  const run = state.source?.run;
  const read = (field: Field) => pixelValue(state, field);
  const [x, raw, x0, mu, sigma, z, next] = [
    Field.XT,
    Field.MeanOutput,
    Field.X0Hat,
    Field.Mu,
    Field.Sigma,
    Field.Z,
    Field.XPrev,
  ].map(read);
  if (!run || [x, raw, x0, mu, sigma, z, next].includes(undefined)) return [];
  const step = shownStep(state);
  const alphaBar = run.alpha_bar[step]!;
  const { on_x0, on_x } = run.transition[step]!;
  const clipped = state.values.clip === 1 && Math.abs(x0!) > 1;
  const used = clipped ? Math.sign(x0!) : x0!;
  return [
    meanLine(run, alphaBar, x!, raw!, x0!),
    {
      formula: clipped ? "μ = c_0 clip(x̂_0) + c_1 x_t" : "μ = c_0 x̂_0 + c_1 x_t",
      numbers: `${f(on_x0)} · ${signed(used)} + ${f(on_x)} · ${signed(x!)}`,
      result: mu,
    },
    ...varianceLines(state, run, alphaBar, sigma!),
    { formula: "x_{t−1} = μ + σ z", numbers: `${f(mu)} + ${f(sigma)} · ${signed(z!)}`, result: next },
  ];
}

/** The network's own numbers: what it emits before anything is made of them. */
function rawText(state: State): string {
  const raw = pixelValue(state, Field.MeanOutput);
  const name = { v: "v̂", eps: "ε̂", x0: "x̂_0" }[state.source?.run.model.prediction ?? "v"];
  const variance = state.source?.run.model.learned_variance
    ? `,  r = ${f(pixelValue(state, Field.LogVar))}`
    : "";
  return `${name} = ${f(raw)}${variance}`;
}

export class SaidView {
  private readonly root = byId("said");

  update(state: State): void {
    const follows = lines(state);
    this.root.classList.toggle("pending", follows.length === 0);
    if (follows.length === 0 && this.root.childElementCount > 0) return; // the last numbers stay, dimmed
    const guided = (state.source?.run.nfe_per_step ?? 1) > 1;
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
      element("span", {}, guided ? "raw output, guided" : "raw output"),
      math(rawText(state)),
    );
    this.root.replaceChildren(said, ...rows);
  }
}
