// Restart, back, play or pause, step; the timeline; and their keys.
import { byId } from "../dom";
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

export class TransportView {
  private readonly play = byId<HTMLButtonElement>("play");
  private readonly timeline: Slider;

  constructor(events: TransportEvents) {
    this.play.addEventListener("click", events.toggle);
    byId("step").addEventListener("click", events.step);
    byId("back").addEventListener("click", events.back);
    byId("restart").addEventListener("click", events.restart);
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
