// Restart, back, play or pause, step; the timeline; and their keys.
import { byId, element } from "../dom";
import { linearScale, Slider } from "./slider";

export interface TransportEvents {
  toggle(): void;
  step(): void;
  back(): void;
  restart(): void;
  seek(position: number): void;
}

/** What the transport shows; the pages' states have more. */
export interface TransportState {
  playing: boolean;
  position: number;
  source: { run: { steps: number } } | undefined;
}

/** Drawings on 20 x 20. */
const ICONS = {
  restart: ["M4 4h2.4v12H4zM16 4v12L7.5 10z"],
  back: ["M14 4v12L5 10z"],
  play: ["M5 3.5v13l11-6.5z", "M5 4h3.4v12H5zM11.6 4H15v12h-3.4z"], // while it rests, while it plays
  step: ["M6 4v12l9-6z"],
};

function iconButton(id: keyof typeof ICONS, label: string, title: string, press: () => void) {
  const button = element("button", { id, type: "button", "aria-label": label, title });
  button.addEventListener("click", press);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  for (const shape of ICONS[id]) {
    const path = document.createElementNS(svg.namespaceURI!, "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  button.append(svg);
  return button;
}

export class TransportView {
  private readonly play: HTMLButtonElement;
  private readonly timeline: Slider;

  constructor(events: TransportEvents) {
    this.play = iconButton("play", "Play", "Play or pause (Space)", events.toggle);
    this.play.classList.add("primary");
    byId("transport").append(
      iconButton("restart", "Restart", "Restart (Home)", events.restart),
      iconButton("back", "Back", "One step back (←)", events.back),
      this.play,
      iconButton("step", "Step", "One step (→)", events.step),
    );
    this.timeline = new Slider({
      label: "Timeline",
      min: 0,
      max: 1,
      step: 1,
      scale: linearScale(0, 1),
      describedBy: "help-timeline",
      format: (position) => `${position} steps taken`,
      preview: events.seek,
      apply: events.seek,
    });
    byId("timeline").append(this.timeline.root);
    const keys: Record<string, () => void> = {
      " ": events.toggle,
      ArrowRight: events.step,
      ArrowLeft: events.back,
      Home: events.restart,
    };
    document.addEventListener("keydown", (event) => {
      const target = event.target as HTMLElement;
      const sliding = event.key === " " && target.closest("input[type=range]") !== null; // has no use for it
      const typing = !sliding && target.closest("input, select, dialog") !== null;
      const pressing = event.key === " " && target.closest("button") !== null;
      const action = keys[event.key];
      if (!action || typing || pressing || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      action();
    });
  }

  update(state: TransportState): void {
    this.play.setAttribute("aria-label", state.playing ? "Pause" : "Play");
    this.play.classList.toggle("playing", state.playing);
    const steps = state.source?.run.steps ?? 1;
    this.timeline.setRange(steps, linearScale(0, steps));
    this.timeline.set(state.position);
  }
}
