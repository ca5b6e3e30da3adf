// The functions of time that a network's coefficients stand for, and where in time the step is.
import { byId } from "../dom";
import { beginPlot, dot, halo, label, line, themeColor, type Plot, type Point } from "../draw/plot";
import type { TimeBasis } from "../engine/network";
import type { Run } from "../engine/protocol";
import { formatNumber } from "../state";

const TOP = 20; // for the words above the curves, CSS pixels

export class BasisChart {
  private readonly canvas = byId<HTMLCanvasElement>("feature-basis");
  private basis: TimeBasis | null = null;
  private t = 1;
  private chosen: number | undefined; // the bump whose coefficients are on show

  constructor() {
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  update(run: Run, step: number, chosen: number | undefined): void {
    this.basis = run.network.basis;
    this.t = run.transition[step]!.t_model;
    this.chosen = chosen;
    this.canvas.hidden = !this.basis;
    if (this.basis) this.canvas.setAttribute("aria-label", this.words(this.basis));
    this.paint();
  }

  private words({ curves, num_steps }: TimeBasis): string {
    return `${curves.length} bumps over time, from t = ${num_steps} on the left to 1; now t = ${formatNumber(this.t, 0)}`;
  }

  /** As the run goes: noise on the left. */
  private paint(): void {
    const { basis } = this;
    const plot = basis && beginPlot(this.canvas);
    if (!basis || !plot) return;
    const floor = plot.height - 1;
    const y = (value: number) => floor - value * (floor - TOP);
    const curves = basis.curves.map((curve) =>
      curve.map((value, i): Point => [(1 - i / (curve.length - 1)) * plot.width, y(value)]),
    );
    line(plot, [[0, floor], [plot.width, floor]], themeColor("line"), 1); // prettier-ignore
    for (const curve of curves) line(plot, curve, themeColor("faint"), 1.5);
    if (this.chosen !== undefined) line(plot, curves[this.chosen]!, themeColor("accent"), 2);
    this.mark(plot, basis, floor, y);
  }

  private mark(plot: Plot, basis: TimeBasis, floor: number, y: (value: number) => number): void {
    const part = (this.t - 1) / (basis.num_steps - 1);
    const x = (1 - part) * plot.width;
    const now = themeColor("now");
    line(plot, [[x, TOP - 4], [x, floor]], now, 1.5); // prettier-ignore
    for (const curve of basis.curves) {
      const value = curve[Math.round(part * (curve.length - 1))]!;
      if (value > 0.01) dot(plot, x, y(value), 3.5, now);
    }
    const align = x < plot.width / 2 ? "left" : "right";
    const at: Point = [x + (align === "left" ? 4 : -4), 14];
    const text = `t = ${formatNumber(this.t, 0)}`;
    halo(plot, text, ...at, themeColor("card"), align);
    label(plot, text, ...at, now, align);
    const [title, side] = ["the bumps gⱼ over time", align === "left" ? "right" : "left"] as const;
    label(plot, title, side === "left" ? 4 : plot.width - 4, 14, themeColor("muted"), side, 12);
  }
}
