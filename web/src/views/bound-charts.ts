// The two charts of the bound: what each reverse step costs, and how wide it is.
import { halo, label, line, themeColor, type Plot, type Point } from "../draw/plot";
import { columnOf } from "../draw/steps-axis";
import type { BoundCurve } from "../engine/bound";
import { formatNumber } from "../state";

const TOP = 24; // room for the titles, CSS pixels
const COSTS = "what each step costs, bits/dim (each line is ten times the one below)";
const ENTROPIES =
  "entropy of each step, bits/dim: H_q lies in the band; the model's mean, and 90 % of its pixels";

/** Costs span three powers of ten and more: a logarithmic scale, in whole powers. */
export function paintCosts(plot: Plot, curve: BoundCurve, step: number): void {
  const logs = curve.cost.map((cost) => Math.log10(Math.max(cost, 1e-9)));
  const low = Math.floor(Math.min(-3, ...logs));
  const high = Math.ceil(Math.max(0, ...logs));
  const y = (log: number) => TOP + ((high - log) / (high - low)) * (plot.height - TOP);
  const steps = curve.upper.length;
  for (let power = low; power <= high; power++) across(plot, y(power), power > low ? power : undefined);
  logs.forEach((log, at) => {
    const { left, width } = columnOf(at, steps, plot.width);
    const last = at + 1 === steps;
    plot.context.fillStyle = themeColor(at === step ? "now" : last ? "muted" : "accent");
    plot.context.fillRect(left, y(log), Math.max(width - (width > 4 ? 1 : 0), 0.5), plot.height - y(log));
  });
  label(plot, COSTS, 4, 14, themeColor("muted"), "left");
}

function across(plot: Plot, y: number, power: number | undefined): void {
  const points: Point[] = [
    [0, y],
    [plot.width, y],
  ];
  line(plot, points, themeColor("line"), 1);
  if (power === undefined) return;
  const text = formatNumber(10 ** power, Math.max(0, -power));
  halo(plot, text, 4, y + 12, themeColor("card"), "left");
  label(plot, text, 4, y + 12, themeColor("muted"), "left", 11);
}

export function paintEntropies(plot: Plot, curve: BoundCurve, step: number): void {
  const steps = curve.upper.length;
  const x = (at: number) => columnOf(at, steps, plot.width).middle;
  // The last lower bound is minus infinity: the band goes down to the chart's floor there.
  const known = [...curve.lower, ...curve.entropy_low].filter((value) => value !== null);
  const low = Math.min(...known) - 0.2;
  const high = Math.max(...curve.upper, ...curve.entropy_high) + 0.2;
  const y = (value: number | null) => TOP + ((high - (value ?? low)) / (high - low)) * (plot.height - TOP);
  const points = (values: (number | null)[]): Point[] => values.map((value, at) => [x(at), y(value)]);
  between(plot, points(curve.lower), points(curve.upper), themeColor("faint"));
  between(plot, points(curve.entropy_low), points(curve.entropy_high), themeColor("accent-soft"));
  for (const edge of [curve.lower, curve.upper]) line(plot, points(edge), themeColor("muted"), 1);
  line(plot, points(curve.entropy), themeColor("accent"), 2);
  line(
    plot,
    [
      [x(step), TOP],
      [x(step), plot.height],
    ],
    themeColor("now"),
    1.5,
  );
  label(plot, ENTROPIES, 4, 14, themeColor("muted"), "left");
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
