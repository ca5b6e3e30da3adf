// The hero: one reverse step as an equation of pictures, x_t → network → mu + sigma × z = x_{t-1}.
import { byId, element } from "../dom";
import { diverging, grey, viridis } from "../draw/colormap";
import { IMAGE_RANGE, rangeOf, signedRangeOf, type Range } from "../draw/image";
import { Field } from "../engine/protocol";
import { frame, shownStep, stepTitle, type State } from "../state";
import { Picture, type PictureOptions } from "./picture";

type Scale = (values: Float32Array) => Range;
const imageScale: Scale = () => IMAGE_RANGE;
/** Draws of N(0, 1): all but three in a thousand. */
const noiseScale: Scale = () => ({ min: -3, max: 3 });

export const EQUATION_FIELDS: Field[] = [
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

export class EquationView {
  private readonly parts: { field: Field; scale: Scale; picture: Picture }[] = [];
  private readonly title = byId("equation-title");

  constructor(inspect: PictureOptions["inspect"]) {
    const row = byId("equation");
    const add = (field: Field, scale: Scale, classes: string, options: Omit<PictureOptions, "inspect">) => {
      const picture = new Picture({ ...options, inspect });
      picture.root.classList.add(...classes.split(" "));
      this.parts.push({ field, scale, picture });
      return picture.root;
    };
    const operator = (symbol: string, name: string) =>
      element("span", { class: `operator ${name}`, "aria-hidden": "true" }, symbol);

    const xt = add(Field.XT, imageScale, "state", {
      symbol: "x_t",
      caption: "now",
      map: grey,
      description: "x_t, the noisy image before the step",
    });
    const raw = add(Field.MeanOutput, signedRangeOf, "raw", {
      symbol: "v̂",
      caption: "raw output",
      map: diverging,
      description: "v, the network's raw output, from negative (blue) to positive (orange)",
    });
    const mu = add(Field.Mu, imageScale, "term", {
      symbol: "μ",
      caption: "predicted mean",
      map: grey,
      description: "mu, the predicted mean of every pixel",
    });
    const sigma = add(Field.Sigma, rangeOf, "term", {
      symbol: "σ",
      caption: "predicted deviation",
      digits: 3,
      map: viridis,
      description: "sigma, the predicted standard deviation of every pixel, dark for small, bright for large",
    });
    const z = add(Field.Z, noiseScale, "term", {
      symbol: "z",
      caption: "fresh noise",
      map: diverging,
      description: "z, the fresh noise of this step, from negative (blue) to positive (orange)",
    });
    const next = add(Field.XPrev, imageScale, "state result", {
      symbol: "x_{t−1}",
      caption: "next",
      map: grey,
      description: "the image after the step",
    });
    const network = element(
      "div",
      { class: "network" },
      element("span", { class: "network-name" }, "network"),
      raw,
      element("span", { class: "arrow", "aria-hidden": "true" }, "→"),
    );
    row.append(
      xt,
      network,
      mu,
      operator("+", "plus"),
      sigma,
      operator("×", "times"),
      z,
      operator("=", "equals"),
      next,
    );
  }

  update(state: State): void {
    const run = state.source?.run;
    this.title.textContent = state.source ? stepTitle(state.source, state.position) : "Loading";
    for (const { field, scale, picture } of this.parts) {
      const values = frame(state, field, shownStep(state));
      picture.update(values, run?.model, values ? scale(values) : IMAGE_RANGE, state);
    }
  }
}
