// What the toys' pages and the worker say to each other.

/** Describes a run's states 0..steps: where each is on the schedule. */
export interface ToyRunInfo {
  model: string;
  num_steps: number;
  t: number[];
  alpha_bar: number[];
}

/** A whole run: x of every state, mu and sigma of every step, as pairs x, y of each point. */
export interface ToyRun {
  info: ToyRunInfo;
  x: Float32Array[];
  mu: Float32Array[];
  sigma: Float32Array[];
}

/** One reverse step from a point: the network's Gaussian and the true distribution. */
export interface ToyReverse {
  centre: [number, number];
  reach: number;
  mu: [number, number];
  sigma: [number, number];
  mean: [number, number];
  deviation: [number, number];
  kl_bits: number;
  /** side x side values of q(x_s | x_t) on the window, rows from the top. */
  density: Float32Array;
}

/** A whole run of bits: `size` of each of `count` sequences, one after the other. */
export interface BitRun {
  info: ToyRunInfo;
  size: number;
  count: number;
  /** 0 or 1, of every state. */
  x: Uint8Array[];
  /** Whether a sequence is valid, of every state. */
  valid: Uint8Array[];
  /** The chance of each bit to flip, of every step. */
  flips: Float32Array[];
}

interface Estimate {
  bits: number;
  error: number;
}

/** core/run/toys/bit_view.h has the meaning of each. */
export interface BitBound {
  model: Estimate;
  best: Estimate;
  gap: Estimate;
  null: number;
  data: number;
}

export type ToyQuestion =
  | { kind: "run"; model: string; steps: number; count: number; seed: number }
  | { kind: "density"; state: number; side: number; reach: number }
  | { kind: "reverse"; step: number; x: number; y: number; side: number }
  | { kind: "bits"; model: string; steps: number; count: number; seed: number }
  | { kind: "bit-bound"; steps: number };

export type ToyAnswer =
  | { kind: "run"; run: ToyRun }
  /** Nothing if the run has no such state or step. */
  | { kind: "density"; density: Float32Array | undefined }
  | { kind: "reverse"; reverse: ToyReverse | undefined }
  | { kind: "bits"; run: BitRun }
  | { kind: "bit-bound"; bound: BitBound }
  | { kind: "failed"; message: string };

export type AnswerTo<K extends ToyQuestion["kind"]> = Extract<ToyAnswer, { kind: K }>;

export interface ToyRequest {
  type: "toy";
  id: number;
  base: string;
  question: ToyQuestion;
}
export interface ToyResponse {
  type: "toy";
  id: number;
  answer: ToyAnswer;
}
