// Line plots on a canvas in CSS pixels, sharp on any display.

export interface Plot {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

/** Fits the canvas' memory to its size on the page and clears it; nothing while it has no size. */
export function beginPlot(canvas: HTMLCanvasElement): Plot | undefined {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0 || height === 0) return undefined;
  const ratio = window.devicePixelRatio || 1;
  const pixels = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
  if (canvas.width !== pixels.width || canvas.height !== pixels.height) Object.assign(canvas, pixels);
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export type Point = readonly [number, number];

export function line(plot: Plot, points: Point[], color: string, width: number): void {
  const { context } = plot;
  context.beginPath();
  points.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke();
}

export function area(plot: Plot, points: Point[], floor: number, color: string): void {
  const { context } = plot;
  if (points.length === 0) return;
  context.beginPath();
  context.moveTo(points[0]![0], floor);
  for (const [x, y] of points) context.lineTo(x, y);
  context.lineTo(points[points.length - 1]![0], floor);
  context.fillStyle = color;
  context.fill();
}

export function dot(plot: Plot, x: number, y: number, radius: number, color: string): void {
  plot.context.beginPath();
  plot.context.arc(x, y, radius, 0, 2 * Math.PI);
  plot.context.fillStyle = color;
  plot.context.fill();
}

function useFont(plot: Plot, size: number): void {
  plot.context.font = `${size}px ${getComputedStyle(plot.context.canvas).fontFamily}`;
}

export function label(
  plot: Plot,
  text: string,
  x: number,
  y: number,
  color: string,
  align: CanvasTextAlign,
  size = 13,
): void {
  useFont(plot, size);
  plot.context.fillStyle = color;
  plot.context.textAlign = align;
  plot.context.fillText(text, x, y);
}

/** Clears what is behind a label that comes next. */
export function halo(
  plot: Plot,
  text: string,
  x: number,
  y: number,
  color: string,
  align: CanvasTextAlign,
): void {
  useFont(plot, 13);
  plot.context.strokeStyle = color;
  plot.context.lineWidth = 5;
  plot.context.textAlign = align;
  plot.context.strokeText(text, x, y);
}

export function textWidth(plot: Plot, text: string, size: number): number {
  useFont(plot, size);
  return plot.context.measureText(text).width;
}

/** A colour of the theme, by its CSS variable. */
export function themeColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
