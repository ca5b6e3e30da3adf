// The given image's part of web/bindings/pictures.cpp as typed calls.
import { floatsAt, withBytes, withText, type Memory } from "./memory";
import type { Given } from "./protocol";

export interface GivenExports extends Memory {
  _ud_error(): number;
  _ud_given_resize(size: number): void;
  _ud_given_image(): number;
  _ud_given_known(): number;
  _ud_given_size(): number;
  _ud_given_amount(): number;
  _ud_give(way: number, amount: number, noiseSeed: number): number;
  _ud_fit(pixels: number, width: number, height: number): number;
  _ud_evidence_of_png(bytes: number, size: number): number;
}

export class GivenCore {
  constructor(private readonly module: GivenExports) {}

  /** Evidence for the run, or none: it starts again. Throws the core's sentence if it is refused. */
  give(given: Given | null): void {
    const { module } = this;
    if (given) {
      module._ud_given_resize(given.image.length);
      module.HEAPF32.set(given.image, module._ud_given_image() / 4);
      module.HEAPF32.set(given.known, module._ud_given_known() / 4);
    }
    const taken = withText(module, given?.way ?? "", (way) =>
      module._ud_give(way, given?.amount ?? 0, given?.noiseSeed ?? -1),
    );
    if (taken !== 0) throw this.error();
  }

  /** Pixels R, G, B, A as an image of the model's. */
  fit(width: number, height: number, pixels: Uint8ClampedArray): Float32Array {
    const size = withBytes(this.module, pixels, (pointer) => this.module._ud_fit(pointer, width, height));
    if (size < 0) throw new Error("There is no model yet: load the image once the network runs.");
    return floatsAt(this.module, this.module._ud_given_image(), size);
  }

  /** The evidence in a saved PNG, null if it was made without; throws a sentence if it is damaged. */
  ofPng(bytes: Uint8Array): Given | null {
    const { module } = this;
    const text = withBytes(module, bytes, (pointer) => module._ud_evidence_of_png(pointer, bytes.length));
    if (text === 0) throw this.error();
    const way = module.UTF8ToString(text);
    if (way === "") return null;
    const size = module._ud_given_size();
    return {
      way,
      image: floatsAt(module, module._ud_given_image(), size),
      known: floatsAt(module, module._ud_given_known(), size),
      amount: module._ud_given_amount(),
      noiseSeed: null, // it is in the image already
    };
  }

  private error(): Error {
    return new Error(this.module.UTF8ToString(this.module._ud_error()));
  }
}
