// The WASM module's flat C functions (web/bindings.cpp) as typed calls.
import { ToyCore, type ToyExports } from "../toys/wasm";
import { KEEPSAKES, type Applied, type Field, type Keepsake, type Run, type Schedules } from "./protocol";

interface Exports extends ToyExports {
  HEAPU8: Uint8Array;
  HEAPF32: Float32Array;
  UTF8ToString(pointer: number): string;
  stringToUTF8(text: string, pointer: number, bytes: number): void;
  lengthBytesUTF8(text: string): number;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
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
  _ud_save(what: number, position: number, sample: number): number;
  _ud_save_on(): number;
  _ud_saved(): number;
  _ud_settings_of_png(bytes: number, size: number): number;
  _ud_milliseconds_per_step(): number;
}

export type CreateModule = (options: Record<string, unknown>) => Promise<Exports>;

export class Core {
  /** The Swiss roll's part of it. */
  readonly toys: ToyCore;
  private out = 0;
  private imageSize = 0;

  constructor(
    private readonly module: Exports,
    threads: number,
  ) {
    module._ud_init(threads);
    this.toys = new ToyCore(module);
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

  private json<T>(pointer: number): T {
    return JSON.parse(this.module.UTF8ToString(pointer)) as T;
  }

  private error(): Error {
    return new Error(this.module.UTF8ToString(this.module._ud_error()));
  }

  private withBytes<T>(bytes: Uint8Array, use: (pointer: number) => T): T {
    const pointer = this.module._malloc(Math.max(bytes.length, 1));
    this.module.HEAPU8.set(bytes, pointer);
    const result = use(pointer);
    this.module._free(pointer);
    return result;
  }

  private withText<T>(text: string, use: (pointer: number) => T): T {
    const bytes = this.module.lengthBytesUTF8(text) + 1;
    const pointer = this.module._malloc(bytes);
    this.module.stringToUTF8(text, pointer, bytes);
    const result = use(pointer);
    this.module._free(pointer);
    return result;
  }
}
