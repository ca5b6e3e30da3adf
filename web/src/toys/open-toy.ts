// What the two toys' parts of web/bindings/toys.cpp have in common.
import { withBytes, type Memory } from "../engine/memory";

export interface ToyMemory extends Memory {
  _ud_error(): number;
}

/** Gives a weights file to the core; throws the loader's sentence if it refuses. */
export function openToy(
  module: ToyMemory,
  bytes: Uint8Array,
  open: (pointer: number, size: number) => number,
): void {
  const opened = withBytes(module, bytes, (pointer) => open(pointer, bytes.length));
  if (opened !== 0) throw new Error(module.UTF8ToString(module._ud_error()));
}
