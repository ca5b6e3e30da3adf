// The pad: an image that is painted with mouse, finger or keys, and over it the mask of what is hidden.
import { byId } from "../dom";
import { grey } from "../draw/colormap";
import { drawImage, IMAGE_RANGE } from "../draw/image";
import { type Canvas, Stroke, type Tool } from "../given/brush";

/** Hidden pixels: each second one has more of the colour, so that they are seen without colour, too. */
const HIDDEN = ["rgb(224 108 44 / 65%)", "rgb(224 108 44 / 85%)"];

const MOVES: Record<string, [number, number]> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

export interface PadEvents {
  /** The stroke that begins now. */
  brush(): { tool: Tool; size: number; ink: number[] };
  /** A stroke is done. */
  painted(): void;
}

export class Pad {
  private readonly root = byId("pad");
  private readonly element = byId<HTMLCanvasElement>("pad-canvas");
  private readonly cursor = byId("pad-cursor");
  private canvas: Canvas | undefined;
  private stroke: Stroke | undefined;
  private masked = false;
  private at: [number, number] = [0, 0]; // the keys' place, a pixel

  constructor(private readonly events: PadEvents) {
    this.root.addEventListener("pointerdown", (event) => this.press(event));
    this.root.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"] as const) {
      this.root.addEventListener(end, () => this.release());
    }
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  /** What is painted on from here on. */
  open(canvas: Canvas): void {
    this.canvas = canvas;
    this.stroke = undefined;
    this.at = [Math.floor(canvas.shape.width / 2), Math.floor(canvas.shape.height / 2)];
    this.root.style.aspectRatio = `${canvas.shape.width} / ${canvas.shape.height}`;
    this.draw();
  }

  /** Whether the mask has a meaning. */
  showMask(masked: boolean): void {
    if (masked === this.masked) return;
    this.masked = masked;
    this.draw();
  }

  draw(): void {
    if (!this.canvas) return;
    const { shape, image } = this.canvas;
    drawImage(this.element, image, shape, grey, IMAGE_RANGE);
    if (this.masked) this.drawMask(this.canvas);
    const [column, row] = this.at;
    this.cursor.style.left = `${(100 * (column + 0.5)) / shape.width}%`;
    this.cursor.style.top = `${(100 * (row + 0.5)) / shape.height}%`;
  }

  private drawMask({ shape, known }: Canvas): void {
    const context = this.element.getContext("2d")!;
    for (let pixel = 0; pixel < shape.width * shape.height; ++pixel) {
      if (known[pixel * shape.channels] === 1) continue;
      const [row, column] = [Math.floor(pixel / shape.width), pixel % shape.width];
      context.fillStyle = HIDDEN[(row + column) % 2]!;
      context.fillRect(column, row, 1, 1);
    }
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0 || !this.canvas) return;
    event.preventDefault();
    this.root.focus({ preventScroll: true });
    this.root.setPointerCapture(event.pointerId);
    this.begin();
    this.drag(event);
  }

  private begin(): void {
    const { tool, size, ink } = this.events.brush();
    this.stroke = new Stroke(this.canvas!, tool, size, ink);
  }

  private drag(event: PointerEvent): void {
    if (!this.stroke || !this.canvas) return;
    const { height, width } = this.canvas.shape;
    const box = this.element.getBoundingClientRect();
    const all = event.getCoalescedEvents?.() ?? [];
    for (const { clientX, clientY } of all.length > 0 ? all : [event]) {
      this.stroke.to(((clientX - box.left) / box.width) * width, ((clientY - box.top) / box.height) * height);
    }
    this.draw();
  }

  private release(): void {
    if (!this.stroke) return;
    this.stroke = undefined;
    this.events.painted();
  }

  /** Arrows move the cursor, with Shift they paint as they move; Space paints a dot. */
  private key(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (!this.canvas || (!move && event.key !== " ") || event.altKey || event.ctrlKey || event.metaKey)
      return;
    event.preventDefault();
    event.stopPropagation(); // the page has arrows and a space of its own
    const { height, width } = this.canvas.shape;
    const [x, y] = this.at;
    const [right, down] = move ?? [0, 0];
    this.at = [Math.min(width - 1, Math.max(0, x + right)), Math.min(height - 1, Math.max(0, y + down))];
    if (!move || event.shiftKey) {
      this.begin();
      this.stroke!.to(x + 0.5, y + 0.5);
      this.stroke!.to(this.at[0] + 0.5, this.at[1] + 0.5);
      this.release();
    }
    this.draw();
  }
}
