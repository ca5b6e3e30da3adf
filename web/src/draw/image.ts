// Draws one image of numbers on a canvas, a canvas pixel for each; CSS enlarges it without smoothing.
import type { ModelInfo } from "../engine/protocol";
import { grey, type Colormap } from "./colormap";

export interface Range {
  min: number;
  max: number;
}

/** From black to white. */
export const imageRange = ({ range: [min, max] }: ModelInfo): Range => ({ min, max });

/** Of given images, whatever the model's own range is. */
export const IMAGE_RANGE: Range = { min: -1, max: 1 };

/** A model's image in the greys of given ones; the same numbers where its range is that. */
export function inImageRange(values: Float32Array, model: ModelInfo): Float32Array {
  const { min, max } = imageRange(model);
  if (min === IMAGE_RANGE.min && max === IMAGE_RANGE.max) return values;
  return values.map((value) => (2 * (value - min)) / (max - min) - 1);
}

export function rangeOf(values: Float32Array): Range {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** Symmetric about zero. */
export function signedRangeOf(values: Float32Array): Range {
  const { min, max } = rangeOf(values);
  const size = Math.max(-min, max, 1e-6);
  return { min: -size, max: size };
}

/** A colour image's planes are drawn as they are, each from dark to bright; only grey ones go through a map. */
export const mapOf = (model: Pick<ModelInfo, "channels">, map: Colormap): Colormap =>
  model.channels === 3 ? grey : map;

/** One channel: through the map. Three: as R, G, B. `values` is [height, width, channels]. */
export function drawImage(
  canvas: HTMLCanvasElement,
  values: Float32Array,
  model: Pick<ModelInfo, "height" | "width" | "channels">,
  map: Colormap,
  range: Range,
): void {
  const { width, height, channels } = model;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, height);
  const scale = 255 / Math.max(range.max - range.min, 1e-12);
  const level = (i: number) => Math.min(255, Math.max(0, Math.round((values[i]! - range.min) * scale)));
  for (let pixel = 0; pixel < width * height; ++pixel) {
    const out = 4 * pixel;
    for (let c = 0; c < 3; ++c) {
      image.data[out + c] =
        channels === 3 ? level(3 * pixel + c) : map.table[3 * level(pixel * channels) + c]!;
    }
    image.data[out + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

export function clear(canvas: HTMLCanvasElement): void {
  canvas.getContext("2d")!.clearRect(0, 0, canvas.width, canvas.height);
}
