// The schedules over the strip's axis: noise on the left, data on the right, the present marked.
import { byId } from "../dom";
import {
  beginPlot,
  dot,
  halo,
  label,
  line,
  textWidth,
  themeColor,
  type Plot,
  type Point,
} from "../draw/plot";
import type { CurveKind, Schedules } from "../engine/protocol";
import { formatNumber, type State } from "../state";

const PADDING = 8; // above and below the curves, CSS pixels
const NAME_ROOM = 140; // between names at one height
const MORPH_MS = 180;

const TITLES: Record<CurveKind, string> = {
  alpha_bar: "signal left, ᾱ",
  beta: "noise added in each of 1000 steps, β",
  log_snr: "log of signal to noise, ln ᾱ/(1−ᾱ)",
};

/** The vertical scale: fixed for ᾱ, else what all curves need. */
function verticalRange(schedules: Schedules, kind: CurveKind): [number, number] {
  if (kind === "alpha_bar") return [0, 1];
  if (kind === "log_snr") {
    // Within the last step to the data it goes to infinity: cut off above the smallest levels.
    const values = Object.values(schedules.curves).flatMap((curves) => curves.log_snr);
    return [Math.max(-21, Math.min(...values) - 1), Math.min(14, Math.max(...values) + 1)];
  }
  const all = Object.values(schedules.curves).flatMap((curves) => curves.beta);
  // Cosine and constant rate end near 1: a log scale would hide zero, so large betas are cut off.
  return [0, Math.min(Math.max(...all), 0.06)];
}

export class ScheduleChart {
  private readonly canvas = byId<HTMLCanvasElement>("chart");
  private shown: number[] = []; // the current curve as drawn, for morphing
  private from: number[] = [];
  private began = 0;
  private target = "";
  private named: Point[] = []; // where on their curves names stand
  private state: State | undefined;

  constructor() {
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  update(state: State): void {
    this.state = state;
    const schedules = state.schedules;
    if (!schedules) return;
    const curve = schedules.curves[schedules.current]![state.curve];
    const target = `${state.curve} ${curve.join()}`;
    if (target !== this.target) {
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const sameKind = this.target.startsWith(state.curve) && this.shown.length === curve.length;
      this.from = sameKind && !still ? this.shown : curve;
      this.began = performance.now();
      this.target = target;
      requestAnimationFrame(() => this.animate());
    }
    this.paint();
  }

  private nameOf(schedule: string): string {
    const options = this.state?.table.find((row) => row.name === "schedule")?.options ?? [];
    return options.find(({ value }) => value === schedule)?.label ?? schedule;
  }

  private animate(): void {
    this.paint();
    if (performance.now() - this.began < MORPH_MS) requestAnimationFrame(() => this.animate());
  }

  private paint(): void {
    const state = this.state;
    const plot = beginPlot(this.canvas);
    if (!state?.schedules || !plot) return;
    const { schedules, curve: kind } = state;
    const part = Math.min(1, (performance.now() - this.began) / MORPH_MS);
    const current = schedules.curves[schedules.current]![kind];
    this.shown = current.map((value, i) => this.from[i]! + (value - this.from[i]!) * part);

    const [low, high] = verticalRange(schedules, kind);
    const y = (value: number) =>
      plot.height -
      PADDING -
      ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (plot.height - 2 * PADDING);
    const points = (values: number[]): Point[] =>
      values.map((value, i) => [(i / (values.length - 1)) * plot.width, y(value)]);

    line(
      plot,
      [
        [0, y(low)],
        [plot.width, y(low)],
      ],
      themeColor("line"),
      1,
    );
    const others = Object.entries(schedules.curves).filter(([name]) => name !== schedules.current);
    for (const [, curves] of others) line(plot, points(curves[kind]), themeColor("faint"), 1.5);
    line(plot, points(this.shown), themeColor("accent"), 2);
    const all = Object.values(schedules.curves).map((curves) => points(curves[kind]));
    this.named = [];
    for (const [name, curves] of others) this.name(plot, name, points(curves[kind]), all);
    this.mark(plot, state, y);
    if (kind === "log_snr") this.ticks(plot, low, high, y);
    label(plot, TITLES[kind], 4, 16, themeColor("muted"), "left");
  }

  /** Where signal and noise are even, and each factor of e^10 to both sides. */
  private ticks(plot: Plot, low: number, high: number, y: (value: number) => number): void {
    for (let value = Math.ceil(low / 10) * 10; value <= high; value += 10) {
      const across: Point[] = [
        [0, y(value)],
        [plot.width, y(value)],
      ];
      line(plot, across, themeColor("line"), 1);
      const at: Point = [plot.width - 4, y(value) - 4];
      halo(plot, formatNumber(value, 0), ...at, themeColor("card"), "right");
      label(plot, formatNumber(value, 0), ...at, themeColor("muted"), "right", 11);
    }
  }

  /** A curve's name, right below it where no other curve passes near. */
  private name(plot: Plot, name: string, own: Point[], all: Point[][]): void {
    const size = 11;
    const text = this.nameOf(name);
    const width = textWidth(plot, text, size) + 6;
    const room = (i: number) => {
      const [x, y] = own[i]!;
      if (x < plot.width * 0.25 || x + width > plot.width || y + size + 4 > plot.height) return 0;
      const crowded = all.some((curve) => y - curve[i]![1] > 0.5 && y - curve[i]![1] < 10); // whose name, then?
      if (crowded) return 0;
      if (this.named.some(([left, top]) => Math.abs(x - left) < NAME_ROOM && Math.abs(y - top) < size + 4))
        return 0;
      const under = all.map((curve) => curve[i]![1] - y).filter((distance) => distance > 0.5);
      return Math.min(40, plot.height - PADDING - y, ...under);
    };
    const best = own.reduce((chosen, _, i) => (room(i) > room(chosen) ? i : chosen), 0);
    if (room(best) < size + 4) return; // a name in the thick of it says nothing
    this.named.push(own[best]!);
    label(plot, text, own[best]![0] + 6, own[best]![1] + size + 1, themeColor("muted"), "left", size);
  }

  /** Where the curve has this alpha_bar: evidence may start the walk in the middle of the schedule. */
  private partAt(alphaBar: number): number {
    const { curves, current } = this.state!.schedules!;
    const rising = curves[current]!.alpha_bar;
    const above = rising.findIndex((value) => value >= alphaBar);
    if (above <= 0) return above === 0 ? 0 : 1;
    const [low, high] = [rising[above - 1]!, rising[above]!];
    return (above - 1 + (alphaBar - low) / (high - low || 1)) / (rising.length - 1);
  }

  private mark(plot: Plot, state: State, y: (value: number) => number): void {
    const run = state.source?.run;
    if (!run) return;
    const part = run.evidence ? this.partAt(run.alpha_bar[state.position]!) : state.position / run.steps;
    const x = part * plot.width;
    const index = part * (this.shown.length - 1);
    const low = Math.floor(index);
    const value =
      this.shown[low]! + ((this.shown[low + 1] ?? this.shown[low]!) - this.shown[low]!) * (index - low);
    const now = themeColor("now");
    line(
      plot,
      [
        [x, 0],
        [x, plot.height],
      ],
      now,
      1.5,
    );
    dot(plot, x, y(value), 5, now);
    // Above and left of the dot: curves rise to the right. At the left edge there is no room for that.
    const inside = x > 60;
    const text = formatNumber(value);
    const at: Point = [x + (inside ? -10 : 10), Math.max(y(value) - 10, 32)];
    halo(plot, text, ...at, themeColor("card"), inside ? "right" : "left");
    label(plot, text, ...at, now, inside ? "right" : "left");
  }
}
