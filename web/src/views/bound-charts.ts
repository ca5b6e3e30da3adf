// The two charts of the bound: what each reverse step costs, and how wide it is. Both span several powers
// of ten, so both are logarithmic.
import { label, line, themeColor, type Plot, type Point } from "../draw/plot";
import { columnOf, MARGIN } from "../draw/steps-axis";
import type { BoundCurve } from "../engine/bound";
import { formatNumber } from "../state";

const TOP = 24; // room for the titles, CSS pixels
const COSTS = "what each step costs, bits/dim";
const ENTROPIES =
  "entropy of each step above its lower bound, bits/dim: H_q lies in the band; the model's mean, and 90 % of its pixels";

/** Of a tick; smaller ones are powers, which are shorter. */
const MOST_DIGITS = 3;

/** Whole powers of ten around values > 0; what is below the lowest lies on the floor. */
class LogScale {
  private readonly low: number;
  private readonly high: number;

  constructor(
    private readonly plot: Plot,
    values: number[],
  ) {
    const logs = values.filter((value) => value > 1e-9).map(Math.log10);
    this.low = Math.floor(Math.min(0, ...logs)) - 0.5;
    this.high = Math.max(Math.min(0, ...logs) + 1, ...logs) + 0.15;
  }

  y(value: number): number {
    const log = value > 0 ? Math.max(Math.log10(value), this.low) : this.low;
    return TOP + ((this.high - log) / (this.high - this.low)) * (this.plot.height - TOP);
  }

  ticks(): void {
    for (let power = Math.ceil(this.low); power <= this.high; power++) {
      const y = this.y(10 ** power);
      line(this.plot, across(this.plot, y), themeColor("line"), 1);
      const text = formatNumber(10 ** power, Math.min(Math.max(0, -power), MOST_DIGITS));
      label(this.plot, text, MARGIN - 6, y + 4, themeColor("muted"), "right", 11);
    }
  }
}

const across = (plot: Plot, y: number): Point[] => [
  [MARGIN, y],
  [plot.width, y],
];

export function paintCosts(plot: Plot, curve: BoundCurve, step: number): void {
  const scale = new LogScale(plot, curve.cost);
  scale.ticks();
  const steps = curve.upper.length;
  curve.cost.forEach((cost, at) => {
    const { left, width } = columnOf(at, steps, plot.width);
    const last = at + 1 === steps;
    const y = scale.y(cost);
    plot.context.fillStyle = themeColor(at === step ? "now" : last ? "muted" : "accent");
    plot.context.fillRect(left, y, Math.max(width - (width > 4 ? 1 : 0), 0.5), plot.height - y);
  });
  line(plot, across(plot, plot.height - 0.5), themeColor("line"), 1);
  label(plot, COSTS, MARGIN, 14, themeColor("muted"), "left");
}

/** Above the lower bound; the last step has none, and is left out. */
export function paintEntropies(plot: Plot, curve: BoundCurve, step: number): void {
  const steps = curve.upper.length;
  const above = (values: number[]) => values.slice(0, steps - 1).map((value, at) => value - curve.lower[at]!);
  const upper = above(curve.upper);
  const mean = above(curve.entropy);
  const [low, high] = [above(curve.entropy_low), above(curve.entropy_high)];
  const scale = new LogScale(plot, [...upper, ...mean]);
  const points = (values: number[]): Point[] =>
    values.map((value, at) => [columnOf(at, steps, plot.width).middle, scale.y(value)]);
  between(plot, points(upper.map(() => 0)), points(upper), themeColor("faint"));
  between(plot, points(low), points(high), themeColor("accent-soft"));
  scale.ticks();
  line(plot, points(upper), themeColor("muted"), 1.5);
  line(plot, points(mean), themeColor("accent"), 2);
  const { middle } = columnOf(step, steps, plot.width);
  const now: Point[] = [
    [middle, TOP],
    [middle, plot.height],
  ];
  line(plot, now, themeColor("now"), 1.5);
  label(plot, ENTROPIES, MARGIN, 14, themeColor("muted"), "left");
}

function between(plot: Plot, below: Point[], above: Point[], color: string): void {
  const { context } = plot;
  context.beginPath();
  for (const [x, y] of [...below, ...[...above].reverse()]) context.lineTo(x, y);
  context.fillStyle = color;
  context.globalAlpha = 0.75;
  context.fill();
  context.globalAlpha = 1;
}
