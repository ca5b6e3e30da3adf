// A stored run of the default settings (web/scripts/record.mjs), shown while the model loads.
import type { FrameSource } from "./engine/client";
import type { Field, Run, Schedules, Setting, Want } from "./engine/protocol";
import type { ModelEntry } from "./views/controls";

/** recording.json. The images are recording.bin: float16, [step][field][height, width, channels]. */
export interface RecordingIndex {
  table: Setting[];
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
    const at = this.index.fields.indexOf(field);
    if (sample !== 0 || at < 0) return undefined;
    const begin = (step * this.index.fields.length + at) * this.imageSize;
    return Float32Array.from(this.halves.subarray(begin, begin + this.imageSize), halfToFloat);
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
