// Bytes, texts and numbers on their way into the WASM module's memory and out of it.

export interface Memory {
  HEAPU8: Uint8Array;
  HEAPF32: Float32Array;
  UTF8ToString(pointer: number): string;
  stringToUTF8(text: string, pointer: number, bytes: number): void;
  lengthBytesUTF8(text: string): number;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

/** A copy that outlives the core's next change. */
export function floatsAt({ HEAPF32 }: Memory, pointer: number, count: number): Float32Array<ArrayBuffer> {
  return new Float32Array(HEAPF32.subarray(pointer / 4, pointer / 4 + count));
}

export function withBytes<T>(
  module: Memory,
  bytes: Uint8Array | Uint8ClampedArray,
  use: (pointer: number) => T,
): T {
  const pointer = module._malloc(Math.max(bytes.length, 1));
  module.HEAPU8.set(bytes, pointer);
  const result = use(pointer);
  module._free(pointer);
  return result;
}

export function withText<T>(module: Memory, text: string, use: (pointer: number) => T): T {
  const bytes = module.lengthBytesUTF8(text) + 1;
  const pointer = module._malloc(bytes);
  module.stringToUTF8(text, pointer, bytes);
  const result = use(pointer);
  module._free(pointer);
  return result;
}
