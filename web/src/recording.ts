// A stored run of the default settings (web/scripts/record.mjs), shown while the model loads.
import type { FrameSource } from "./engine/client";
import {
  Field,
  type EvidenceTable,
  type Run,
  type Schedules,
  type Setting,
  type Want,
} from "./engine/protocol";
import type { ModelEntry } from "./views/model-facts";

/** recording.json. The images are recording.bin: float16, [step][field][height, width, channels], and
 * the finished image. */
export interface RecordingIndex {
  table: Setting[];
  evidence: EvidenceTable;
  models: ModelEntry[];
  run: Run;
  fields: Field[];
  schedules: Schedules;
}

export class Recording implements FrameSource {
  readonly run: Run;
  readonly available: number;
  private readonly imageSize: number;

  constructor(
    private readonly index: RecordingIndex,
    private readonly halves: Uint16Array,
  ) {
    this.run = index.run;
    const { height, width, channels } = index.run.model;
    this.imageSize = height * width * channels;
    this.available = index.run.steps;
  }

  get(step: number, sample: number, field: Field): Float32Array | undefined {
    if (sample !== 0) return undefined;
    const table = this.run.transition[step]!;
    const [black, white] = this.run.model.range;
    const clamp = (x: number) => Math.min(white, Math.max(black, x));
    switch (field) {
      case Field.XPrev:
        return step + 1 < this.run.steps ? this.stored(step + 1, Field.XT) : this.finished();
      case Field.Mu: // the settings are the defaults, which clip
        return this.combined(
          step,
          Field.X0Hat,
          Field.XT,
          (x0, x) => table.on_x0 * clamp(x0) + table.on_x * x,
        );
      case Field.X0Var:
        return this.combined(
          step,
          Field.LogVar,
          Field.XT,
          (r) => (1 - this.run.alpha_bar[step]!) * Math.exp(r),
        );
      case Field.Sigma:
        return this.get(step, sample, Field.X0Var)?.map((variance) =>
          Math.sqrt(table.var_const + table.var_on_x0_var * variance),
        );
      default:
        return this.stored(step, field);
    }
  }

  private stored(step: number, field: Field): Float32Array | undefined {
    const at = this.index.fields.indexOf(field);
    return at < 0 ? undefined : this.image(step * this.index.fields.length + at);
  }

  private finished(): Float32Array {
    return this.image(this.run.steps * this.index.fields.length);
  }

  private image(at: number): Float32Array {
    return Float32Array.from(
      this.halves.subarray(at * this.imageSize, (at + 1) * this.imageSize),
      halfToFloat,
    );
  }

  private combined(
    step: number,
    first: Field,
    second: Field,
    combine: (a: number, b: number) => number,
  ): Float32Array | undefined {
    const others = this.stored(step, second);
    return this.stored(step, first)?.map((value, i) => combine(value, others![i]!));
  }

  want(_wants: Want[]): void {} // all of it is here
}

function halfToFloat(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return half & 0x8000 ? -size : size;
}

async function fetched(name: string): Promise<Response> {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
  return response;
}

export async function loadIndex(): Promise<RecordingIndex> {
  return (await fetched("recording.json")).json() as Promise<RecordingIndex>;
}

export async function loadRecording(index: RecordingIndex): Promise<Recording> {
  return new Recording(index, new Uint16Array(await (await fetched("recording.bin")).arrayBuffer()));
}
