// The way so far: x_t above, x0_hat below, a column for each shown state; click or drag to scrub.
import { byId, element } from "../dom";
import { grey } from "../draw/colormap";
import { clear, drawImage, imageRange } from "../draw/image";
import { Field, type Run, type Want } from "../engine/protocol";
import type { State } from "../state";

const MIN_COLUMN = 44; // CSS pixels
const MAX_COLUMNS = 16;

interface Column {
  root: HTMLElement;
  above: HTMLCanvasElement;
  below: HTMLCanvasElement;
}

/** States shown, of 0..steps, evenly spread and with both ends. */
export function shownStates(steps: number, columns: number): number[] {
  const count = Math.min(columns, steps + 1);
  return Array.from({ length: count }, (_, i) => Math.round((i * steps) / Math.max(count - 1, 1)));
}

export class StripView {
  private readonly root = byId("strip");
  private columns: Column[] = [];
  private states: number[] = [];

  constructor(private readonly seek: (position: number) => void) {
    const scrub = (event: PointerEvent) => {
      if (event.type === "pointermove" && event.buttons === 0) return;
      this.scrub(event.clientX);
    };
    this.root.addEventListener("pointerdown", scrub);
    this.root.addEventListener("pointermove", scrub);
  }

  /** What the columns need, nearest to the present first. */
  wants(state: State): Want[] {
    const run = state.source?.run;
    if (!run) return [];
    this.layOut(run);
    const steps = [...new Set(this.states.map((at) => Math.min(at, run.steps - 1)))];
    steps.sort((a, b) => Math.abs(a - state.position) - Math.abs(b - state.position));
    return steps.map((step) => ({
      step,
      sample: state.sample,
      fields: step === run.steps - 1 ? [Field.XT, Field.X0Hat, Field.XPrev] : [Field.XT, Field.X0Hat],
      ifAvailable: true,
    }));
  }

  update(state: State): void {
    const run = state.source?.run;
    if (!run) return;
    this.layOut(run);
    const current = this.currentColumn(state.position);
    this.columns.forEach((column, i) => {
      this.draw(column, this.states[i]!, run, state);
      column.root.classList.toggle("now", i === current);
    });
  }

  private layOut(run: Run): void {
    const fitting = Math.max(2, Math.floor(this.root.clientWidth / MIN_COLUMN));
    const states = shownStates(run.steps, Math.min(fitting, MAX_COLUMNS));
    if (states.join() === this.states.join()) return;
    this.states = states;
    this.columns = states.map(() => {
      const above = element("canvas", { width: 28, height: 28 });
      const below = element("canvas", { width: 28, height: 28 });
      return { root: element("div", { class: "column" }, above, below), above, below };
    });
    this.root.replaceChildren(...this.columns.map((column) => column.root));
    // The chart and the timeline line up with the first and the last column's middle.
    this.root.parentElement!.style.setProperty("--columns", String(states.length));
  }

  private draw(column: Column, at: number, run: Run, state: State): void {
    const finished = at === run.steps;
    const step = finished ? at - 1 : at;
    const get = (field: Field) => state.source?.get(step, state.sample, field);
    const above = get(finished ? Field.XPrev : Field.XT);
    const below = get(finished ? Field.XPrev : Field.X0Hat);
    column.root.classList.toggle("filled", above !== undefined);
    for (const [canvas, values] of [
      [column.above, above],
      [column.below, below],
    ] as const) {
      if (values) drawImage(canvas, values, run.model, grey, imageRange(run.model));
      else clear(canvas);
    }
  }

  /** The last column that has been reached. */
  private currentColumn(position: number): number {
    const after = this.states.findIndex((at) => at > position);
    return (after < 0 ? this.states.length : after) - 1;
  }

  private scrub(clientX: number): void {
    const box = this.root.getBoundingClientRect();
    const column = box.width / Math.max(this.columns.length, 1);
    const part = (clientX - box.left - column / 2) / Math.max(box.width - column, 1);
    const last = this.states[this.states.length - 1] ?? 0;
    this.seek(Math.round(Math.min(1, Math.max(0, part)) * last));
  }
}
