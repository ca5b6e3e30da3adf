// All images of the batch at this step; one is selected for everything else on the page.
import { byId, element } from "../dom";
import { grey } from "../draw/colormap";
import { drawImage, imageRange } from "../draw/image";
import { Field, type Want } from "../engine/protocol";
import { shownStep, type State } from "../state";

export class GridView {
  private readonly root = byId("grid");
  private buttons: { root: HTMLButtonElement; canvas: HTMLCanvasElement }[] = [];

  constructor(private readonly select: (sample: number) => void) {}

  wants(state: State): Want[] {
    const images = state.source?.run.images ?? 1;
    if (images === 1) return [];
    const step = shownStep(state);
    return Array.from({ length: images }, (_, sample) => ({ step, sample, fields: [Field.XPrev] }));
  }

  update(state: State): void {
    const run = state.source?.run;
    const images = run?.images ?? 1;
    this.root.hidden = images === 1;
    if (!run || images === 1) return;
    if (this.buttons.length !== images) this.build(images);
    this.buttons.forEach(({ root, canvas }, sample) => {
      root.setAttribute("aria-pressed", String(sample === state.sample));
      const values = state.source?.get(shownStep(state), sample, Field.XPrev);
      canvas.classList.toggle("pending", !values); // as in the equation, the last image stays
      if (values) drawImage(canvas, values, run.model, grey, imageRange(run.model));
    });
  }

  private build(images: number): void {
    this.root.style.setProperty("--side", String(Math.sqrt(images)));
    this.buttons = Array.from({ length: images }, (_, sample) => {
      const canvas = element("canvas", { width: 28, height: 28 });
      const root = element("button", { type: "button", "aria-label": `Image ${sample + 1}` }, canvas);
      root.addEventListener("click", () => this.select(sample));
      return { root, canvas };
    });
    this.root.replaceChildren(...this.buttons.map((button) => button.root));
  }
}
