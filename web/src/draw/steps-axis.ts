// Charts with a column for each reverse step, noise on the left, data on the right.

/** Column `step` of `steps` on a width. */
export const columnOf = (step: number, steps: number, width: number) => ({
  left: (step / steps) * width,
  middle: ((step + 0.5) / steps) * width,
  width: width / steps,
});

/** The step whose column is at x. */
export const stepAt = (x: number, steps: number, width: number) =>
  Math.min(steps - 1, Math.max(0, Math.floor((x / width) * steps)));
