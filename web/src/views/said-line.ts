// A line of "What the network said": what every kind of equation there is made of.
import type { Run } from "../engine/protocol";
import { formatNumber } from "../state";

export interface Line {
  formula: string;
  /** The same with this pixel's numbers. */
  numbers: string;
  result: number | undefined;
}

/** One pixel's record. x is what the network was shown: x_t, or with churn x̂_t. */
export interface Pixel {
  x_t: number;
  x: number;
  raw: number;
  /** The variance half of the output: r, or z^Σ. */
  variance: number;
  x0: number;
  x0_2: number;
  mu: number;
  sigma: number;
  z: number;
  next: number;
}

export const f = (value: number | undefined, digits = 3) => formatNumber(value, digits);
export const signed = (value: number) => (value < 0 ? `(${f(value)})` : f(value));

/** As clipping does. */
export function clamped({ model: { range } }: Run, x0: number): number {
  return Math.min(range[1], Math.max(range[0], x0));
}
