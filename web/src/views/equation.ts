// The hero: one reverse step as an equation of pictures, x_t → network → mu + sigma × z = x_{t-1}.
import { byId, element } from "../dom";
import { diverging, grey, viridis } from "../draw/colormap";
import { imageRange, rangeOf, signedRangeOf, type Range } from "../draw/image";
import { Field, type ModelInfo, type Run, type Transition, type Want } from "../engine/protocol";
import { frame, isColour, shownStep, stepTitle, type State } from "../state";
import { Picture, type PictureOptions } from "./picture";

type Scale = (values: Float32Array, model: ModelInfo) => Range;
const imageScale: Scale = (_, model) => imageRange(model);
/** Draws of N(0, 1): all but three in a thousand. */
const noiseScale: Scale = () => ({ min: -3, max: 3 });

const USUAL_FIELDS: Field[] = [
  Field.XT,
  Field.Mu,
  Field.Sigma,
  Field.Z,
  Field.XPrev,
  Field.X0Hat,
  Field.X0Var,
  Field.MeanOutput,
  Field.LogVar,
];

/** What a step's equation is made of. */
export function equationFields(run: Run, step: number): Field[] {
  const { second, churn } = run.transition[step]!;
  return [
    ...USUAL_FIELDS,
    ...(second === "none" ? [] : [Field.X0Hat2]),
    ...(churn === 0 ? [] : [Field.XHat]),
  ];
}

export const equationWants = (run: Run, sample: number, step: number): Want[] => [
  { step, sample, fields: equationFields(run, step) },
];

/** Whether a step's deviation is 0 for every pixel: nothing is drawn. */
export const isStill = (transition: Transition) =>
  transition.var_const === 0 && transition.var_on_x0_var === 0;

const RAW: Record<ModelInfo["prediction"], { symbol: string; means: string }> = {
  v: { symbol: "v̂", means: "v" },
  eps: { symbol: "ε̂", means: "the predicted noise" },
  x0: { symbol: "x̂_0", means: "the predicted image" },
  edm: { symbol: "F", means: "EDM's F" },
  transition: { symbol: "z^μ", means: "z_mu, the mean's half of what is read out at t" },
};
export const rawSymbol = (run: Run | undefined) => RAW[run?.model.prediction ?? "v"].symbol;

/** What else made the next image, where mu + sigma z does not tell it all. */
function noteOf(run: Run, sampler: string): string {
  const some = (is: (transition: Transition) => boolean) => run.transition.some(is);
  const sentences = [];
  if (run.transition.every(isStill)) {
    const before = some(({ churn }) => churn > 0);
    sentences.push(
      before
        ? `${sampler} with churn adds noise before the network looks; the step itself draws none: σ = 0.`
        : `${sampler} draws no noise here: σ = 0, and the next image is the mean.`,
    );
  }
  if (some(({ second }) => second === "at-end"))
    sentences.push("A second look at the end of the step corrects the mean.");
  if (some(({ second }) => second === "previous"))
    sentences.push("The mean goes on from this prediction and the one before.");
  return sentences.join(" ");
}

/** Opens the network's own panel (network.ts). */
function networkButton(): HTMLElement {
  const button = element("button", {
    type: "button",
    id: "open-network",
    class: "open-network",
    title: "Open the network: its blocks, and what each makes of this step (N)",
    "aria-label": "Open the network",
    "aria-expanded": "false",
    "aria-controls": "network",
  });
  button.innerHTML = `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2 2h5v5H2zM2 13h5v5H2zM13 13h5v5h-5zM13 2h5v5h-5z" /><path class="ways" d="M4.5 7v6M7 15.5h6M15.5 13V7M7 4.5h6" /></svg><span>network</span>`;
  return button;
}

interface Part {
  field: Field;
  scale: Scale;
  place: string; // its classes
  options: Omit<PictureOptions, "inspect">;
}

const PARTS = {
  xt: {
    field: Field.XT,
    scale: imageScale,
    place: "state",
    options: {
      symbol: "x_t",
      caption: "now",
      map: grey,
      description: "x_t, the noisy image before the step",
    },
  },
  raw: {
    field: Field.MeanOutput,
    scale: signedRangeOf,
    place: "raw",
    options: {
      symbol: "v̂",
      caption: "raw output",
      map: diverging,
      description: "v, the network's raw output",
    },
  },
  mu: {
    field: Field.Mu,
    scale: imageScale,
    place: "term",
    options: {
      symbol: "μ",
      caption: "predicted mean",
      map: grey,
      description: "mu, the predicted mean of every pixel",
    },
  },
  sigma: {
    field: Field.Sigma,
    scale: rangeOf,
    place: "term",
    options: {
      symbol: "σ",
      caption: "predicted deviation",
      digits: 3,
      map: viridis,
      description: "sigma, the predicted standard deviation of every pixel",
    },
  },
  z: {
    field: Field.Z,
    scale: noiseScale,
    place: "term",
    options: {
      symbol: "z",
      caption: "fresh noise",
      map: diverging,
      description: "z, the fresh noise of this step",
    },
  },
  next: {
    field: Field.XPrev,
    scale: imageScale,
    place: "state result",
    options: { symbol: "x_{t−1}", caption: "next", map: grey, description: "the image after the step" },
  },
} satisfies Record<string, Part>;

/** What the pictures of signed numbers look like. */
const signedShades = (run: Run) =>
  isColour(run.model) ? "each colour from dark to bright" : "from negative (blue) to positive (orange)";

const operator = (symbol: string, name: string) =>
  element("span", { class: `operator ${name}`, "aria-hidden": "true" }, symbol);

export class EquationView {
  private readonly parts: { field: Field; scale: Scale; picture: Picture }[] = [];
  private readonly title = byId("equation-title");
  private readonly note = byId("equation-note");
  private readonly row = byId("equation");
  private readonly raw: Picture;
  private readonly sigma: Picture;
  private readonly z: Picture;

  constructor(private readonly inspect: PictureOptions["inspect"]) {
    const xt = this.add(PARTS.xt);
    this.raw = this.add(PARTS.raw);
    const arrow = element("span", { class: "arrow", "aria-hidden": "true" }, "→");
    const network = element("div", { class: "network" }, networkButton(), this.raw.root, arrow);
    const mu = this.add(PARTS.mu);
    this.sigma = this.add(PARTS.sigma);
    this.z = this.add(PARTS.z);
    const next = this.add(PARTS.next);
    this.row.append(xt.root, network, mu.root, operator("+", "plus"), this.sigma.root);
    this.row.append(operator("×", "times"), this.z.root, operator("=", "equals"), next.root);
  }

  private add({ field, scale, place, options }: Part): Picture {
    const picture = new Picture({ ...options, inspect: this.inspect });
    picture.root.classList.add(...place.split(" "));
    this.parts.push({ field, scale, picture });
    return picture;
  }

  update(state: State): void {
    const run = state.source?.run;
    this.title.textContent = state.source ? stepTitle(state.source, state.position) : "Loading";
    for (const { field, scale, picture } of this.parts) {
      const values = frame(state, field, shownStep(state));
      picture.update(values, run?.model, values && run ? scale(values, run.model) : undefined, state);
    }
    if (run) this.explain(run, state);
  }

  /** What is true of this model and this sampler only. */
  private explain(run: Run, state: State): void {
    const { symbol, means } = RAW[run.model.prediction];
    this.raw.name({
      symbol,
      caption: "raw output",
      description: `${means}, the network's raw output, ${signedShades(run)}`,
    });
    const { options: z } = PARTS.z;
    this.z.name({ ...z, description: `${z.description}, ${signedShades(run)}` });
    const transition = run.transition[shownStep(state)]!;
    const still = isStill(transition);
    const kind = still ? "no" : transition.var_on_x0_var > 0 ? "predicted" : "fixed";
    this.sigma.name({
      symbol: "σ",
      caption: `${kind} deviation`,
      description: still
        ? "sigma, 0 for every pixel: this step draws no noise"
        : `sigma, the ${kind} standard deviation of every pixel, dark for small, bright for large`,
    });
    this.row.classList.toggle("still", still);
    const options = state.table.find(({ name }) => name === "sampler")?.options ?? [];
    const sampler = options.find(({ value }) => value === state.values.sampler)?.label ?? "This sampler";
    this.note.textContent = noteOf(run, sampler);
  }
}
