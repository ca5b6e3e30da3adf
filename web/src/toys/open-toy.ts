// What the two toys' parts of web/bindings.cpp have in common.

export interface Memory {
  HEAPU8: Uint8Array;
  HEAPF32: Float32Array;
  UTF8ToString(pointer: number): string;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _ud_error(): number;
}

/** Gives a weights file to the core; throws the loader's sentence if it refuses. */
export function openToy(
  module: Memory,
  bytes: Uint8Array,
  open: (pointer: number, size: number) => number,
): void {
  const pointer = module._malloc(Math.max(bytes.length, 1));
  module.HEAPU8.set(bytes, pointer);
  const opened = open(pointer, bytes.length);
  module._free(pointer);
  if (opened !== 0) throw new Error(module.UTF8ToString(module._ud_error()));
}
