// What the page shows: one plain object that the views read and main.ts changes.
import type { FrameSource } from "./engine/client";
import type { CurveKind, Field, ModelInfo, Run, Schedules, Setting, Values } from "./engine/protocol";

export interface State {
  readonly table: Setting[];
  values: Values;
  /** Where the images come from; none while a run that is no recording loads. */
  source: FrameSource | undefined;
  recording: boolean;
  /** Steps taken, 0..steps; the step shown is the one that leaves this state. */
  position: number;
  /** Which image of the batch. */
  sample: number;
  /** The inspected pixel. */
  row: number;
  column: number;
  /** And which of its planes: 0 where the image is grey. */
  plane: number;
  playing: boolean;
  schedules: Schedules | undefined;
  curve: CurveKind;
}

/** The record on show: at the end, still the last step. */
export function shownStep(state: State): number {
  return state.source ? Math.min(state.position, state.source.run.steps - 1) : 0;
}

export function frame(state: State, field: Field, step = shownStep(state)): Float32Array | undefined {
  return state.source?.get(step, state.sample, field);
}

/** What a colour image has a value of at every pixel. */
export const PLANES = ["red", "green", "blue"] as const;
export const isColour = (model: Pick<ModelInfo, "channels"> | undefined) => model?.channels === PLANES.length;

/** The inspected pixel after a change, or in another image: within it, and in one of its planes. */
export function pixelWithin(
  { height, width, channels }: Pick<ModelInfo, "height" | "width" | "channels">,
  { row, column, plane }: Pick<State, "row" | "column" | "plane">,
): Pick<State, "row" | "column" | "plane"> {
  const inside = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
  return { row: inside(row, height), column: inside(column, width), plane: inside(plane, channels) };
}

/** The inspected pixel's value of a field, in its plane. */
export function pixelValue(state: State, field: Field): number | undefined {
  const run = state.source?.run;
  if (!run) return undefined;
  const { width, channels } = run.model;
  return frame(state, field)?.[(state.row * width + state.column) * channels + state.plane];
}

/** Settings string of values: the table's order, defaults left out. The core's answer is canonical. */
export function settingsString(table: Setting[], values: Values): string {
  return table
    .filter((row) => values[row.name] !== undefined && values[row.name] !== row.default)
    .map((row) => `${row.name}=${encodeURIComponent(values[row.name]!)}`)
    .join("&");
}

export function defaults(table: Setting[]): Values {
  return Object.fromEntries(table.map((row) => [row.name, row.default]));
}

/** For people: three significant digits, a real minus, a fixed width in tabular figures. */
export function formatNumber(value: number | undefined, digits = 3): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 0.5 * 10 ** -digits || size >= 1e4)
      ? value.toExponential(1)
      : value.toFixed(digits);
  return text.replace(/-/g, "−");
}

export function stepTitle(source: FrameSource, position: number): string {
  const { run, available } = source;
  const step = Math.min(position, run.steps - 1);
  if (step > available) return `Step ${step + 1} of ${run.steps} · ${available} computed`;
  if (position >= run.steps) return `Done: ${run.steps} of ${run.steps} steps · ${calls(run)} network calls`;
  return `Step ${position + 1} of ${run.steps} · ${wayOf(run, position)}`;
}

const calls = (run: Run) => run.nfe.reduce((sum, nfe) => sum + nfe, 0);

/** Of one step: its times, or its noise levels where the schedule counts no times. */
function wayOf(run: Run, step: number): string {
  const [from, to] = [run.t[step], run.t[step + 1]];
  if (from != null && to != null) return `t = ${from} → ${to}`;
  const level = (at: number) => formatNumber(noiseLevel(run.alpha_bar[at]!), 3);
  return `noise level ${level(step)} → ${level(step + 1)}`;
}

/** EDM's sigma: noise over signal. */
export const noiseLevel = (alphaBar: number) => Math.sqrt((1 - alphaBar) / alphaBar);

/** A settings string as values, for the first view; what is unknown or out of range is the core's to say. */
export function settingsValues(table: Setting[], text: string): Values {
  const given = Object.fromEntries(new URLSearchParams(text));
  const values = defaults(table);
  for (const row of table) {
    const value = given[row.name];
    if (value === undefined) continue;
    const numeric =
      row.type !== "choice" && row.type !== "text" && value !== "" && !Number.isNaN(Number(value));
    values[row.name] = numeric ? Number(value) : value;
  }
  return values;
}

/**
 * core/run/own_settings.h: what the settings become when a person goes to another model. Rows of `left` that
 * still have its values go back to those of `before`, or the defaults; the rows of `entered` take theirs.
 */
export function exchangeOwnSettings(
  table: Setting[],
  values: Values,
  left: string,
  entered: string,
  before: Values,
): { values: Values; before: Values } {
  const rowsOf = (text: string) => Object.keys(Object.fromEntries(new URLSearchParams(text)));
  const [leaving, entering] = [settingsValues(table, left), settingsValues(table, entered)];
  const usual = { ...defaults(table), ...before };
  const back = { ...values };
  for (const row of rowsOf(left)) {
    if (values[row] === leaving[row]) back[row] = usual[row]!;
  }
  const own = Object.fromEntries(rowsOf(entered).map((row) => [row, entering[row]!]));
  return { values: { ...back, ...own }, before: back };
}
