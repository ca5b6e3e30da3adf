// Numbers to colours. Each map is a table of 256 colours, R, G, B; a value is scaled to 0..1 first.

export interface Colormap {
  /** 256 x 3 bytes. */
  readonly table: Uint8ClampedArray;
  /** The same as a CSS gradient, for legends. */
  readonly gradient: string;
}

type Rgb = readonly [number, number, number];

function parse(hex: string): Rgb {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function make(...hex: string[]): Colormap {
  const stops = hex.map(parse);
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; ++i) {
    const position = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(position), stops.length - 2);
    const part = position - low;
    for (let c = 0; c < 3; ++c) {
      table[3 * i + c] = stops[low]![c]! * (1 - part) + stops[low + 1]![c]! * part;
    }
  }
  return { table, gradient: `linear-gradient(to right, ${hex.join(", ")})` };
}

/** Images: black to white. */
export const grey = make("#000000", "#ffffff");

/** Signed values, zero in the middle. */
export const diverging = make("#1d3f9e", "#5f83e0", "#c3d0f3", "#fbfaf7", "#f3cdb8", "#dc7d50", "#94360f");

/** Perceptually uniform: sixteen stops of matplotlib's viridis (CC0). */
export const viridis = make(
  "#440154",
  "#481a6c",
  "#472f7d",
  "#414487",
  "#39568c",
  "#31688e",
  "#2a788e",
  "#23888e",
  "#1f988b",
  "#22a884",
  "#35b779",
  "#54c568",
  "#7ad151",
  "#a5db36",
  "#d2e21b",
  "#fde725",
);
