// A density as a translucent picture in the theme's accent, to lie behind points and ellipses.
import { themeColor } from "../draw/plot";

/** Shades grow with the square root, so that thin tails still show. */
export function densityImage(density: Float32Array, side: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d")!;
  context.fillStyle = themeColor("accent");
  context.fillRect(0, 0, side, side);
  const image = context.getImageData(0, 0, side, side);
  const highest = density.reduce((most, value) => Math.max(most, value), 0) || 1;
  density.forEach((value, i) => (image.data[4 * i + 3] = 190 * Math.sqrt(value / highest)));
  context.putImageData(image, 0, 0);
  return canvas;
}
