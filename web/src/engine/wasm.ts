// The WASM module's flat C functions (web/bindings/) as typed calls.
import {
  STEP_BYTES,
  type Ahead,
  type CompiledPlan,
  type ModelInputs,
  type Plan,
  type PlanOptions,
  type Taken,
} from "./gpu/plan";
import { ToyCore, type ToyExports } from "../toys/wasm";
import type { BoundCurve } from "./bound";
import { GivenCore, type GivenExports } from "./given";
import { floatsAt, withBytes, withText } from "./memory";
import { KEEPSAKES, type Applied, type Field, type Keepsake, type Run, type Schedules } from "./protocol";

interface Exports extends ToyExports, GivenExports {
  _ud_init(threads: number): number;
  _ud_open(bytes: number, size: number): number;
  _ud_error(): number;
  _ud_apply(settings: number): number;
  _ud_run(): number;
  _ud_schedules(settings: number, points: number): number;
  _ud_compute(step: number): number;
  _ud_available(): number;
  _ud_field(step: number, sample: number, field: number, out: number): number;
  _ud_feature(step: number, sample: number, block: number): number;
  _ud_feature_values(): number;
  _ud_bound(sample: number): number;
  _ud_bound_curve(): number;
  _ud_save(what: number, position: number, sample: number): number;
  _ud_save_on(): number;
  _ud_saved(): number;
  _ud_settings_of_png(bytes: number, size: number): number;
  _ud_milliseconds_per_step(): number;
  _ud_gpu_plan(bytes: number, size: number, maxBatch: number, float16: number): number;
  _ud_gpu_weights(): number;
  _ud_gpu_weights_size(): number;
  _ud_gpu_release(): void;
  _ud_ask(step: number, images: number): number;
  _ud_asked_x(): number;
  _ud_asked_t(): number;
  _ud_asked_label(): number;
  _ud_asked_number(): number;
  _ud_raw(): number;
  _ud_supply(number: number, milliseconds: number): number;
  _ud_sample_call(): number;
  _ud_ask_ahead(step: number, maxCalls: number): number;
  _ud_ahead_steps(): number;
  _ud_ahead_x(): number;
  _ud_ahead_previous(): number;
  _ud_ahead_labels(): number;
  _ud_ahead_labels_size(): number;
  _ud_ahead_x_size(): number;
  _ud_ahead_number(): number;
  _ud_ahead_records(): number;
  _ud_ahead_result(): number;
  _ud_supply_ahead(number: number, milliseconds: number): number;
}

/** A model call that the run waits for, to be answered with supply(). */
export interface Question {
  number: number;
  inputs: ModelInputs;
}

export type CreateModule = (options: Record<string, unknown>) => Promise<Exports>;

export class Core {
  /** The Swiss roll's part of it. */
  readonly toys: ToyCore;
  /** Given images and evidence. */
  readonly given: GivenCore;
  private out = 0;
  private imageSize = 0;

  constructor(
    private readonly module: Exports,
    threads: number,
  ) {
    module._ud_init(threads);
    this.toys = new ToyCore(module);
    this.given = new GivenCore(module);
  }

  /** Throws the loader's sentence if the bytes are no model. */
  open(bytes: Uint8Array): void {
    const opened = this.withBytes(bytes, (pointer) => this.module._ud_open(pointer, bytes.length));
    if (opened !== 0) throw this.error();
    const model = this.run().model;
    this.imageSize = model.height * model.width * model.channels;
    if (this.out) this.module._free(this.out);
    this.out = this.module._malloc(this.imageSize * 4);
  }

  apply(settings: string): Applied {
    return this.withText(settings, (text) => this.json<Applied>(this.module._ud_apply(text)));
  }

  run(): Run {
    return this.json<Run>(this.module._ud_run());
  }

  schedules(settings: string, points: number): Schedules {
    return this.withText(settings, (text) => this.json<Schedules>(this.module._ud_schedules(text, points)));
  }

  /** A bounded slice of work towards the step's record; true once it is there. */
  compute(step: number): boolean {
    return this.module._ud_compute(step) !== 0;
  }

  available(): number {
    return this.module._ud_available();
  }

  /** A copy of one image, or nothing while the record is not there. */
  field(step: number, sample: number, field: Field): Float32Array | undefined {
    const count = this.module._ud_field(step, sample, field, this.out);
    if (count !== this.imageSize) return undefined;
    return this.module.HEAPF32.slice(this.out / 4, this.out / 4 + count);
  }

  /** A copy of what a block of the network puts out, or nothing while the record is not there. */
  feature(step: number, sample: number, block: number): Float32Array | undefined {
    const count = this.module._ud_feature(step, sample, block);
    if (count < 0) return undefined;
    const at = this.module._ud_feature_values() / 4;
    return this.module.HEAPF32.slice(at, at + count);
  }

  /** A bounded slice of work on the bound of one image; false once there is nothing left to do. */
  bound(sample: number): boolean {
    return this.module._ud_bound(sample) === 0;
  }

  /** What is known of it, or nothing. */
  boundCurve(): BoundCurve | undefined {
    const text = this.module._ud_bound_curve();
    return text === 0 ? undefined : this.json<BoundCurve>(text);
  }

  /** Begins a picture to keep; saveOn() makes it. */
  save(what: Keepsake, position: number, sample: number): void {
    const begun = this.module._ud_save(KEEPSAKES.indexOf(what), position, sample);
    if (begun < 0) throw new Error("There is no such picture to save.");
  }

  /** A bounded slice of work on it; the PNG, its settings inside, once it is there. */
  saveOn(): Uint8Array | undefined {
    const size = this.module._ud_save_on();
    if (size < 0) throw new Error("The run changed before it was saved: save again.");
    if (size === 0) return undefined;
    const pointer = this.module._ud_saved();
    return this.module.HEAPU8.slice(pointer, pointer + size);
  }

  /** The settings string in a saved PNG; throws a sentence if there is none. */
  settingsOfPng(bytes: Uint8Array): string {
    const text = this.withBytes(bytes, (pointer) => this.module._ud_settings_of_png(pointer, bytes.length));
    if (text === 0) throw this.error();
    return this.module.UTF8ToString(text);
  }

  milliseconds(): number {
    return this.module._ud_milliseconds_per_step();
  }

  // --- A network that runs elsewhere ---

  /** A weights file as a plan for a GPU; throws a sentence if it cannot be one. */
  gpuPlan(bytes: Uint8Array, { maxBatch, weights: type }: PlanOptions): CompiledPlan {
    const text = this.withBytes(bytes, (pointer) =>
      this.module._ud_gpu_plan(pointer, bytes.length, maxBatch, type === "float16" ? 1 : 0),
    );
    if (text === 0) throw this.error();
    const plan = this.json<Plan>(text);
    const heap = this.module.HEAPU8.buffer;
    const weights = new Uint32Array(heap, this.module._ud_gpu_weights(), this.module._ud_gpu_weights_size());
    const copy = weights.slice(); // also out of shared memory
    this.module._ud_gpu_release();
    return { plan, weights: copy };
  }

  /** The next model call towards the step's record, about at most so many images; nothing if it is there. */
  ask(step: number, images: number): Question | undefined {
    const batch = this.module._ud_ask(step, images);
    return batch > 0 ? this.question(batch) : undefined;
  }

  /** The raw output to a question, after so long; false if the run has gone another way since. */
  supply(question: Question, raw: Float32Array, milliseconds: number): boolean {
    if (question.number !== this.module._ud_asked_number()) return false;
    this.module.HEAPF32.set(raw, this.module._ud_raw() / 4);
    return this.module._ud_supply(question.number, milliseconds) === 1;
  }

  /** Several steps towards the step's record, with at most so many calls of one image; nothing if one at a time is all that goes. */
  askAhead(step: number, maxCalls: number): Ahead | undefined {
    const { module } = this;
    const count = module._ud_ask_ahead(step, maxCalls);
    if (count === 0) return undefined;
    const labels = this.floats(module._ud_ahead_labels(), module._ud_ahead_labels_size());
    const size = module._ud_ahead_x_size();
    const rows = module._ud_ahead_steps();
    return {
      number: module._ud_ahead_number(),
      count,
      steps: new Uint8Array(module.HEAPU8.subarray(rows, rows + count * STEP_BYTES)),
      x: this.floats(module._ud_ahead_x(), size),
      previous: this.floats(module._ud_ahead_previous(), size),
      labels,
    };
  }

  /** What the steps gave, after so long; false if the run has gone another way since. */
  supplyAhead(ahead: Ahead, taken: Taken, milliseconds: number): boolean {
    const { module } = this;
    if (ahead.number !== module._ud_ahead_number()) return false;
    module.HEAPF32.set(taken.records, module._ud_ahead_records() / 4);
    module.HEAPF32.set(taken.x, module._ud_ahead_result() / 4);
    return module._ud_supply_ahead(ahead.number, milliseconds) === 1;
  }

  /** A call that no run asks, and the answer of the engine here. */
  sampleCall(): { inputs: ModelInputs; raw: Float32Array } {
    const { inputs } = this.question(this.module._ud_sample_call());
    const channels = this.run().model.learned_variance ? 2 : 1;
    return { inputs, raw: this.floats(this.module._ud_raw(), this.imageSize * channels) };
  }

  private question(batch: number): Question {
    const inputs = {
      x: this.floats(this.module._ud_asked_x(), batch * this.imageSize),
      t: this.floats(this.module._ud_asked_t(), batch),
      label: this.floats(this.module._ud_asked_label(), batch),
    };
    return { number: this.module._ud_asked_number(), inputs };
  }

  /** A copy that outlives the core's next change. */
  private floats(pointer: number, count: number): Float32Array<ArrayBuffer> {
    return floatsAt(this.module, pointer, count);
  }

  private json<T>(pointer: number): T {
    return JSON.parse(this.module.UTF8ToString(pointer)) as T;
  }

  private error(): Error {
    return new Error(this.module.UTF8ToString(this.module._ud_error()));
  }

  private withBytes<T>(bytes: Uint8Array, use: (pointer: number) => T): T {
    return withBytes(this.module, bytes, use);
  }

  private withText<T>(text: string, use: (pointer: number) => T): T {
    return withText(this.module, text, use);
  }
}
