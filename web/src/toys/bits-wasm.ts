// The heartbeat's part of web/bindings/toys.cpp as typed calls.
import { floatsAt } from "../engine/memory";
import { openToy, type ToyMemory } from "./open-toy";
import type { BitBound, BitRun, ToyRunInfo } from "./protocol";

export interface BitExports extends ToyMemory {
  _ud_bits_open(bytes: number, size: number): number;
  _ud_bits_size(): number;
  _ud_bits_run(steps: number, count: number, seed: number): number;
  _ud_bits(index: number, what: number): number;
  _ud_bits_bound(steps: number): number;
}

const X = 0;
const FLIPS = 1;
const VALID = 2;

export class BitCore {
  constructor(private readonly module: BitExports) {}

  /** The name that the open model was asked for by. */
  opened = "";

  /** Throws the loader's sentence if the bytes are no model of bits; what was open stays open. */
  open(name: string, bytes: Uint8Array): void {
    openToy(this.module, bytes, this.module._ud_bits_open);
    this.opened = name;
  }

  run(steps: number, count: number, seed: number): BitRun {
    const info = this.json<ToyRunInfo>(this.module._ud_bits_run(steps, count, seed));
    const size = this.module._ud_bits_size();
    const bits = (index: number, what: number, length: number) =>
      new Uint8Array(this.floats(index, what, length));
    const states = info.t.map((_, i) => i);
    return {
      info,
      size,
      count,
      x: states.map((i) => bits(i, X, size * count)),
      valid: states.map((i) => bits(i, VALID, count)),
      flips: states.slice(1).map((i) => this.floats(i - 1, FLIPS, size * count)),
    };
  }

  bound(steps: number): BitBound {
    return this.json<BitBound>(this.module._ud_bits_bound(steps));
  }

  private floats(index: number, what: number, length: number): Float32Array {
    return floatsAt(this.module, this.module._ud_bits(index, what), length);
  }

  private json<T>(pointer: number): T {
    return JSON.parse(this.module.UTF8ToString(pointer)) as T;
  }
}
