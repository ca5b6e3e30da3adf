// The network's blocks as the core describes them, and what a block puts out in a step.

/** [height, width, channels] */
export type Shape = [number, number, number];

/** core/network/blocks.h has the meaning of each. */
export interface Block {
  name: string;
  title: string;
  /** A sentence for people, or "". */
  note: string;
  /** Names of the output's channels, where they have any. */
  channels: string[];
  inputs: Shape[];
  output: Shape;
  ops: { text: string; output: Shape; parameters: number }[];
  parameters: number;
  flops: number;
  /** Where a drawing puts it. */
  row: number;
  column: number;
}

export interface Edge {
  from: number;
  to: number;
  kind: "main" | "skip" | "conditioning";
}

/** Functions of t = 1..num_steps whose sums a network's coefficients stand for, on evenly spaced times. */
export interface TimeBasis {
  num_steps: number;
  curves: number[][];
}

export interface Network {
  parameters: number;
  columns: number;
  /** Rows of one resolution. */
  levels: { first_row: number; last_row: number; height: number; width: number }[];
  /** null for a network that is told t. */
  basis: TimeBasis | null;
  blocks: Block[];
  edges: Edge[];
}

export interface FeatureWant {
  step: number;
  sample: number;
  block: number;
}

/** What a block puts out: [height, width, channels]. */
export type FeatureMessage = { type: "feature"; run: number; values: Float32Array } & FeatureWant;

/** What came lately is kept, so that going back a step is at once. */
const CACHE_BYTES = 16 << 20;

const keyOf = ({ step, sample, block }: FeatureWant) => `${step}/${sample}/${block}`;

/** The page's end: what blocks put out in the steps of one run. */
export class Features {
  private readonly kept = new Map<string, Float32Array>();
  private bytes = 0;
  private asked = "";

  constructor(private readonly send: (wants: FeatureWant[]) => void) {}

  get(want: FeatureWant): Float32Array | undefined {
    return this.kept.get(keyOf(want));
  }

  /** All that is wanted now; an earlier request is forgotten, the same one is not sent again. */
  want(wants: FeatureWant[]): void {
    const missing = wants.filter((want) => !this.get(want));
    const asked = missing.map(keyOf).join();
    if (asked === this.asked) return;
    this.asked = asked;
    this.send(missing);
  }

  put(message: FeatureMessage): void {
    this.kept.set(keyOf(message), message.values);
    this.bytes += message.values.byteLength;
    for (const [key, values] of this.kept) {
      if (this.bytes <= CACHE_BYTES) break;
      this.kept.delete(key);
      this.bytes -= values.byteLength;
    }
  }
}
