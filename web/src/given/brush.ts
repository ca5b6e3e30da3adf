// Painting on an image of numbers and on its mask: a round brush with a soft edge.
import type { ImagePart, ModelInfo } from "../engine/protocol";

export type ImageShape = Pick<ModelInfo, "height" | "width" | "channels">;

/** What a stroke does: to the image, or to the mask of what is known. */
export const TOOLS = ["draw", "erase", "hide", "show"] as const;
export type Tool = (typeof TOOLS)[number];

const BACKGROUND = -1;

export interface Canvas {
  shape: ImageShape;
  /** [height, width, channels] in [-1, 1]. */
  image: Float32Array;
  /** 1 where the image holds, else 0; [height, width, channels]. */
  known: Float32Array;
}

export function blankCanvas(shape: ImageShape): Canvas {
  const size = shape.height * shape.width * shape.channels;
  return { shape, image: new Float32Array(size).fill(BACKGROUND), known: new Float32Array(size).fill(1) };
}

export const isBlank = ({ image }: Canvas) => image.every((value) => value === BACKGROUND);
export const hidesSomething = ({ known }: Canvas) => known.includes(0);

/** One stroke from pointer down to up: what it covers twice is painted once. */
export class Stroke {
  private readonly before: Float32Array;
  private readonly cover: Float32Array;
  private last: [number, number] | undefined;

  constructor(
    private readonly canvas: Canvas,
    private readonly tool: Tool,
    /** Diameter in pixels of the image. */
    private readonly size: number,
    /** For each channel, in [-1, 1]. */
    private readonly ink: number[],
  ) {
    this.before = canvas.image.slice();
    this.cover = new Float32Array(canvas.shape.height * canvas.shape.width);
  }

  /** Goes on to a place, in pixels of the image from its upper left corner. */
  to(x: number, y: number): void {
    const [fromX, fromY] = this.last ?? [x, y];
    const stamps = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY) * 2));
    for (let i = 1; i <= stamps; ++i) {
      this.stamp(fromX + ((x - fromX) * i) / stamps, fromY + ((y - fromY) * i) / stamps);
    }
    this.last = [x, y];
  }

  private stamp(x: number, y: number): void {
    const { height, width } = this.canvas.shape;
    const reach = this.size / 2 + 1;
    const [top, bottom] = [Math.max(0, Math.floor(y - reach)), Math.min(height - 1, Math.floor(y + reach))];
    const [left, right] = [Math.max(0, Math.floor(x - reach)), Math.min(width - 1, Math.floor(x + reach))];
    for (let row = top; row <= bottom; ++row) {
      for (let column = left; column <= right; ++column) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        this.paint(row * width + column, Math.min(1, Math.max(0, this.size / 2 + 0.5 - distance)));
      }
    }
  }

  private paint(pixel: number, part: number): void {
    if (part <= this.cover[pixel]!) return;
    this.cover[pixel] = part;
    const { image, known, shape } = this.canvas;
    for (let c = 0; c < shape.channels; ++c) {
      const i = pixel * shape.channels + c;
      if (this.tool === "hide" || this.tool === "show") {
        if (part >= 0.5) known[i] = this.tool === "show" ? 1 : 0;
      } else {
        const paint = this.tool === "draw" ? this.ink[c]! : BACKGROUND;
        image[i] = this.before[i]! + (paint - this.before[i]!) * part;
      }
    }
  }
}

/** Where a quarter of a side begins; at_quarter() of core/run/given_image.cpp. */
const atQuarter = (quarter: number, side: number) =>
  quarter <= 2 ? Math.floor((quarter * side) / 4) : side - Math.floor(((4 - quarter) * side) / 4);

const liesIn = ([from, to]: [number, number], i: number, side: number) =>
  i >= atQuarter(from, side) && i < atQuarter(to, side);

/** Hides a part and shows the rest. */
export function hidePart({ shape, known }: Canvas, { rows, columns }: ImagePart): void {
  const { height, width, channels } = shape;
  known.forEach((_, i) => {
    const pixel = Math.floor(i / channels);
    const row = Math.floor(pixel / width);
    known[i] = liesIn(rows, row, height) && liesIn(columns, pixel % width, width) ? 0 : 1;
  });
}
