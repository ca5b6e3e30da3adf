// What the page and its worker say to each other, and the shapes of the core's JSON.
import type { BackendChoice, BackendStatus } from "./gpu/switch";
import type { BoundMessage } from "./bound";
import type { FeatureMessage, FeatureWant, Network } from "./network";

/** A field of a step's record; the numbers are core/run/fields.h's. */
export const Field = {
  XT: 0,
  X0Hat: 1,
  X0Var: 2,
  Mu: 3,
  Sigma: 4,
  Z: 5,
  XPrev: 6,
  MeanOutput: 7,
  LogVar: 8,
  EpsHat: 9,
  X0Hat2: 10,
  XHat: 11,
} as const;
export type Field = (typeof Field)[keyof typeof Field];

export type Value = string | number;
export type Values = Record<string, Value>;

/** A row of the core's settings table. */
export interface Setting {
  name: string;
  label: string;
  help: string;
  type: "integer" | "real" | "choice" | "switch" | "text";
  default: Value;
  min?: number;
  max?: number;
  step?: number;
  scale: "linear" | "log";
  options?: { value: string; label: string }[];
  /** Shown only while each of these settings has one of these values. */
  only_if?: Record<string, string[]>;
}

export interface Applied {
  settings: string;
  values: Values;
  notes: string[];
  restarted: boolean;
}

export interface ModelInfo {
  name: string;
  card: string;
  height: number;
  width: number;
  channels: number;
  /** The values of black and white. */
  range: [number, number];
  /** None for a model that was trained without classes. */
  classes: string[];
  /** Settings that it was made for, as a settings string; mostly empty. */
  own_settings: string;
  prediction: "v" | "eps" | "x0" | "edm" | "transition";
  /** What the network gives, for a person. */
  predicts: string;
  sigma_data: number;
  learned_variance: boolean;
  num_steps: number;
}

/** mu = on_x0 x0_hat + on_x x_hat + on_second x0_hat_2, sigma² = var_const + var_on_x0_var x0_var,
 * at least var_least. */
export interface Transition {
  on_x0: number;
  on_x: number;
  var_const: number;
  var_on_x0_var: number;
  var_least: number;
  draws: boolean;
  /** Where x0_hat_2 is from: the step before, or a second call at this step's end. */
  second: "none" | "previous" | "at-end";
  on_second: number;
  /** Deviation of the noise added before the network is called: 0 is none, and x_hat is x_t. */
  churn: number;
  alpha_bar_hat: number;
  /** What t the network is told, or read out at. */
  t_model: number;
  /** Of a "transition" model: the step t - 1 of its own schedule from here; `first` ends at the data. */
  own: { beta: number; alpha_bar_prev: number; first: boolean } | null;
}

/** Step k goes from t[k], alpha_bar[k] to t[k + 1], alpha_bar[k + 1]. */
export interface Run {
  steps: number;
  /** null where the schedule counts no t. */
  t: (number | null)[];
  alpha_bar: number[];
  transition: Transition[];
  /** Network calls of each step, for each image. */
  nfe: number[];
  guided: boolean;
  images: number;
  model: ModelInfo;
  network: Network;
  evidence: RunEvidence | null;
}

/** What a run knows of the image. */
export interface RunEvidence {
  /** A way's name. */
  way: string;
  amount: number;
  /** As an image, [height, width, channels]: what is not known is mid-grey. */
  shown: number[];
  /** Why it has no say, if it has none. */
  note: string;
}

/** What can be asked of a given image: the core's words (core/run/evidence_table.h). */
export interface EvidenceTable {
  tasks: { name: string; label: string; help: string; amount: EvidenceAmount | null }[];
  ways: { name: string; task: string; label: string; help: string }[];
  parts: ImagePart[];
}

/** Quarters of the sides, from and to (core/run/given_image.h). */
export interface ImagePart {
  name: string;
  rows: [number, number];
  columns: [number, number];
}

export interface EvidenceAmount {
  label: string;
  help: string;
  min: number;
  max: number;
  step: number;
  default: number;
  scale: "linear" | "log";
}

/** A given image and the way to use it. */
export interface Given {
  way: string;
  image: Float32Array;
  /** 1 where the image holds; for inpainting. */
  known: Float32Array;
  amount: number;
  /** Noise of that amount is added first, of this seed; null: none is. */
  noiseSeed: number | null;
}

export type CurveKind = "alpha_bar" | "beta" | "log_snr";

/** Curves over evenly spaced times from T to 0. */
export interface Schedules {
  current: string;
  curves: Record<string, Record<CurveKind, number[]>>;
  steps: number;
  t: (number | null)[];
  alpha_bar: number[];
}

export interface Want {
  step: number;
  sample: number;
  fields: Field[];
  /** Only if the step has been computed before: thumbnails never make the model run ahead. */
  ifAvailable?: boolean;
}

/** Pictures to keep, in the order of core/run/picture.h's Keepsake. */
export const KEEPSAKES = ["frame", "strip", "sheet"] as const;
export type Keepsake = (typeof KEEPSAKES)[number];

export type ToWorker =
  | { type: "load"; base: string; model: string; threads: number; backend: BackendChoice }
  | { type: "apply"; id: number; settings: string }
  | { type: "schedules"; id: number; settings: string; points: number }
  /** Evidence for the run, or none. */
  | { type: "give"; id: number; given: Given | null }
  /** Pixels of a picture, R, G, B, A, to be an image of the model's. */
  | { type: "fit"; id: number; width: number; height: number; pixels: Uint8ClampedArray }
  | { type: "want"; run: number; wants: Want[] }
  /** All that is wanted of the network's inside, most urgent first. */
  | { type: "features"; run: number; wants: FeatureWant[] }
  /** The image whose bound is looked at, if one is. */
  | { type: "bound"; run: number; sample?: number }
  | { type: "save"; id: number; what: Keepsake; position: number; sample: number }
  | {
      type: "open";
      id: number;
      base: string;
      threads: number;
      backend: BackendChoice;
      name: string;
      bytes: Uint8Array;
    };

export type FromWorker =
  | { type: "progress"; what: string; loaded: number; total: number }
  | { type: "ready"; threads: number }
  | { type: "failed"; message: string }
  /** What runs the network now. */
  | ({ type: "backend" } & BackendStatus)
  | { type: "applied"; id: number; run: number; applied: Applied; info: Run }
  | { type: "schedules"; id: number; schedules: Schedules }
  | { type: "computing"; run: number; available: number }
  | { type: "saved"; id: number; bytes: Uint8Array }
  /** A saved picture gave its settings, or a weights file is the model now. */
  | { type: "opened"; id: number; settings?: string; given?: Given | null; model?: string }
  /** The run with the evidence, or without. */
  | { type: "given"; id: number; run: number; info: Run }
  | { type: "fitted"; id: number; image: Float32Array }
  /** A sentence, instead of the answer to `id`. */
  | { type: "refused"; id: number; message: string }
  | FeatureMessage
  | BoundMessage
  | {
      type: "frames";
      run: number;
      step: number;
      sample: number;
      fields: Field[];
      data: Float32Array[];
      available: number;
      milliseconds: number;
    };
