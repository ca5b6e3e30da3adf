// The toys' part of web/bindings/toys.cpp as typed calls.
import { floatsAt } from "../engine/memory";
import type { ToyReverse, ToyRun, ToyRunInfo } from "./protocol";
import { BitCore, type BitExports } from "./bits-wasm";
import { openToy } from "./open-toy";

export interface ToyExports extends BitExports {
  _ud_toy_open(bytes: number, size: number): number;
  _ud_toy_run(steps: number, count: number, seed: number): number;
  _ud_toy_points(index: number, what: number): number;
  _ud_toy_density(state: number, side: number, reach: number, out: number): number;
  _ud_toy_reverse(step: number, x: number, y: number, side: number, out: number): number;
}

const X = 0;
const MU = 1;
const SIGMA = 2;
const REVERSE_NUMBERS = 12;

export class ToyCore {
  /** The heartbeat's part of it. */
  readonly bits: BitCore;

  constructor(private readonly module: ToyExports) {
    this.bits = new BitCore(module);
  }

  /** The name that the open model was asked for by. */
  opened = "";

  /** Throws the loader's sentence if the bytes are no model of points; what was open stays open. */
  open(name: string, bytes: Uint8Array): void {
    openToy(this.module, bytes, this.module._ud_toy_open);
    this.opened = name;
  }

  run(steps: number, count: number, seed: number): ToyRun {
    const text = this.module.UTF8ToString(this.module._ud_toy_run(steps, count, seed));
    const info = JSON.parse(text) as ToyRunInfo;
    const pairs = (index: number, what: number) => {
      const pointer = this.module._ud_toy_points(index, what);
      return floatsAt(this.module, pointer, 2 * count);
    };
    const states = info.t.map((_, i) => i);
    return {
      info,
      x: states.map((i) => pairs(i, X)),
      mu: states.slice(1).map((i) => pairs(i - 1, MU)),
      sigma: states.slice(1).map((i) => pairs(i - 1, SIGMA)),
    };
  }

  /** Nothing of states and steps that the run has not: a question may be of the run before. */
  density(state: number, side: number, reach: number): Float32Array | undefined {
    return this.filled(side * side, (out) => this.module._ud_toy_density(state, side, reach, out));
  }

  reverse(step: number, x: number, y: number, side: number): ToyReverse | undefined {
    const all = this.filled(REVERSE_NUMBERS + side * side, (out) =>
      this.module._ud_toy_reverse(step, x, y, side, out),
    );
    if (!all) return undefined;
    const pair = (at: number): [number, number] => [all[at]!, all[at + 1]!];
    return {
      centre: pair(0),
      reach: all[2]!,
      mu: pair(3),
      sigma: pair(5),
      mean: pair(7),
      deviation: pair(9),
      kl_bits: all[11]!,
      density: all.slice(REVERSE_NUMBERS),
    };
  }

  private filled(count: number, fill: (out: number) => number): Float32Array | undefined {
    const out = this.module._malloc(4 * count);
    const values = fill(out) === 0 ? floatsAt(this.module, out, count) : undefined;
    this.module._free(out);
    return values;
  }
}
