// The bound of one of the run's images, a term for each reverse step, as the worker computes it.

/** core/run/run_bound.h has the meaning of each. Bits per dimension; the last five end where work has come. */
export interface BoundCurve {
  prior: number;
  /** null: minus infinity. */
  lower: (number | null)[];
  upper: number[];
  /** Sentences for a person: about the whole, what the charts show, about each step. */
  said: string;
  about: string;
  cost: number[];
  entropy: number[];
  entropy_low: number[];
  entropy_high: number[];
  steps_said: string[];
}

export type BoundMessage = { type: "bound"; run: number; sample: number; curve: BoundCurve };

/** The page's end of it: the newest curve of each image that was asked about. */
export class Bounds {
  private wanted: number | undefined;
  private readonly curves = new Map<number, BoundCurve>();

  constructor(private readonly send: (sample: number | undefined) => void) {}

  get(sample: number): BoundCurve | undefined {
    return this.curves.get(sample);
  }

  /** The image whose bound is looked at now; none while nobody looks. */
  want(sample: number | undefined): void {
    if (sample === this.wanted) return;
    this.wanted = sample;
    this.send(sample);
  }

  put({ sample, curve }: BoundMessage): void {
    this.curves.set(sample, curve);
  }
}
