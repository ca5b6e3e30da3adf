// The bound of the run's finished image, term by term, and the entropies of its reverse steps.
import { byId } from "../dom";
import { beginPlot } from "../draw/plot";
import { stepAt } from "../draw/steps-axis";
import type { BoundCurve } from "../engine/bound";
import { shownStep, type State } from "../state";
import { paintCosts, paintEntropies } from "./bound-charts";

export interface BoundEvents {
  seek(position: number): void;
  /** It came into sight, or left it. */
  changed(): void;
}

export class BoundView {
  private readonly costs = byId<HTMLCanvasElement>("bound-costs");
  private readonly entropies = byId<HTMLCanvasElement>("bound-entropies");
  private readonly total = byId("bound-total");
  private readonly now = byId("bound-now");
  private readonly about = byId("bound-about");
  private visible = false; // nothing is computed that nobody sees
  private state: State | undefined;

  constructor(private readonly events: BoundEvents) {
    const panel = byId("bound");
    new IntersectionObserver((entries) => {
      this.visible = entries.some(({ isIntersecting }) => isIntersecting);
      events.changed();
    }).observe(panel);
    for (const canvas of [this.costs, this.entropies]) {
      new ResizeObserver(() => this.paint()).observe(canvas);
      canvas.addEventListener("click", (event) => this.click(canvas, event.offsetX));
    }
  }

  /** The image whose bound is to be computed: the one on show, once it is finished. */
  wants({ source, sample }: State): number | undefined {
    const curve = source?.bounds?.get(sample);
    const done = curve && curve.cost.length === curve.upper.length;
    const finished = source && source.available >= source.run.steps;
    return this.visible && finished && !done ? sample : undefined;
  }

  update(state: State): void {
    this.state = state;
    const curve = this.curve();
    this.total.textContent = curve ? curve.said : waiting(state);
    this.now.textContent = curve?.steps_said[shownStep(state)] ?? "";
    this.about.textContent = curve?.about ?? "";
    this.paint();
  }

  private curve(): BoundCurve | undefined {
    return this.state?.source?.bounds?.get(this.state.sample);
  }

  private click(canvas: HTMLCanvasElement, x: number): void {
    const steps = this.state?.source?.run.steps;
    if (steps) this.events.seek(stepAt(x, steps, canvas.clientWidth));
  }

  private paint(): void {
    const costs = beginPlot(this.costs);
    const entropies = beginPlot(this.entropies);
    const curve = this.curve();
    if (!this.state || !curve || !costs || !entropies) return;
    const step = shownStep(this.state);
    paintCosts(costs, curve, step);
    paintEntropies(entropies, curve, step);
  }
}

function waiting({ source }: State): string {
  if (source && !source.bounds) return "Its terms come as soon as the network itself runs: it is loading.";
  if (source && source.run.steps < 2) return "The bound needs at least two steps.";
  return "Its terms come when the run has reached its image: that is the x₀ they are about.";
}
