// Charts with a column for each reverse step, noise on the left, data on the right, behind a margin.

export const MARGIN = 46; // room for the scale's numbers, CSS pixels

/** Column `step` of `steps` on a chart of this width. */
export function columnOf(step: number, steps: number, width: number) {
  const each = (width - MARGIN) / steps;
  return { left: MARGIN + step * each, middle: MARGIN + (step + 0.5) * each, width: each };
}

/** The step whose column is at x. */
export const stepAt = (x: number, steps: number, width: number) =>
  Math.min(steps - 1, Math.max(0, Math.floor(((x - MARGIN) / (width - MARGIN)) * steps)));
