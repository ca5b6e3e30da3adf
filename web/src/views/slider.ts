// A slider whose scale may be curved. The native range input under it holds the real value, so that
// assistive technology, keyboards and scripts see Steps as 1..1000; the pointer uses the scale.
import { element } from "../dom";

export interface Scale {
  /** Value -> 0..1 along the track, and back. */
  toPart(value: number): number;
  toValue(part: number): number;
}

export function linearScale(min: number, max: number): Scale {
  const size = max - min || 1;
  return { toPart: (value) => (value - min) / size, toValue: (part) => min + part * size };
}

export function logScale(min: number, max: number): Scale {
  const size = Math.log(max / min);
  return { toPart: (value) => Math.log(value / min) / size, toValue: (part) => min * Math.exp(part * size) };
}

/** Gives 1..20 of 1..1000 as much room as 200..1000: 0.35 of the track each. */
export function powerScale(min: number, max: number): Scale {
  const power = 3.75;
  return {
    toPart: (value) => ((value - min) / (max - min)) ** (1 / power),
    toValue: (part) => min + (max - min) * part ** power,
  };
}

export interface SliderOptions {
  label: string;
  min: number;
  max: number;
  step: number;
  scale: Scale;
  /** Share of the track that Page Up and Page Down move; the arrows move a fifth of it, or one step. */
  page?: number;
  describedBy?: string;
  format(value: number): string;
  /** While the value moves, and when it rests. */
  preview(value: number): void;
  apply(value: number): void;
}

export class Slider {
  readonly root: HTMLElement;
  private readonly input: HTMLInputElement;
  private dragging = false;

  constructor(private options: SliderOptions) {
    this.input = element("input", {
      type: "range",
      "aria-label": options.label,
      "aria-describedby": options.describedBy,
      min: options.min,
      max: options.max,
      step: options.step,
    });
    const thumb = element("span", { class: "thumb" });
    this.root = element("div", { class: "slider" }, element("span", { class: "track" }), thumb, this.input);
    this.input.addEventListener("input", () => this.moved());
    this.input.addEventListener("change", () => this.options.apply(this.value));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("pointerdown", (event) => this.press(event));
    this.root.addEventListener("pointermove", (event) => this.dragging && this.drag(event));
    for (const end of ["pointerup", "pointercancel"] as const) {
      this.root.addEventListener(end, () => this.release());
    }
  }

  get value(): number {
    return Number(this.input.value);
  }

  /** Shows a value that came from elsewhere; a hand on the slider goes first. */
  set(value: number): void {
    if (this.dragging) return;
    this.input.value = String(value);
    this.show();
  }

  setRange(max: number, scale: Scale): void {
    if (this.options.max === max) return;
    this.options = { ...this.options, max, scale };
    this.input.max = String(max);
  }

  private show(): void {
    this.root.style.setProperty("--part", String(this.options.scale.toPart(this.value)));
    this.input.setAttribute("aria-valuetext", this.options.format(this.value));
  }

  private moved(): void {
    this.show();
    this.options.preview(this.value);
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault(); // the native track has another scale
    this.root.setPointerCapture(event.pointerId);
    this.input.focus();
    this.dragging = true;
    this.drag(event);
  }

  private drag(event: PointerEvent): void {
    const box = this.root.getBoundingClientRect();
    const inset = 8; // half a thumb
    const part = (event.clientX - box.left - inset) / Math.max(box.width - 2 * inset, 1);
    this.moveTo(Math.min(1, Math.max(0, part)));
  }

  private moveTo(part: number): void {
    this.input.value = String(this.options.scale.toValue(part)); // the input rounds to its step
    this.moved();
  }

  private release(): void {
    if (!this.dragging) return;
    this.dragging = false;
    this.options.apply(this.value);
  }

  private key(event: KeyboardEvent): void {
    const { scale, step, min, max, page = 0.1 } = this.options;
    const directions: Record<string, number> = {
      ArrowRight: 0.2,
      ArrowUp: 0.2,
      ArrowLeft: -0.2,
      ArrowDown: -0.2,
      PageUp: 1,
      PageDown: -1,
    };
    const direction = directions[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // the page has arrows of its own
    const small = Math.abs(direction) < 1;
    const before = this.value;
    const along = scale.toValue(Math.min(1, Math.max(0, scale.toPart(before) + direction * page)));
    const oneStep = before + Math.sign(direction) * step;
    const fine = small && Number.isInteger(step); // whole numbers move by one
    const target = fine || Math.abs(along - before) < step ? oneStep : along;
    this.input.value = String(Math.min(max, Math.max(min, target)));
    this.moved();
    this.options.apply(this.value);
  }
}
