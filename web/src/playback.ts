// Where in the run the page is: playing, stepping, going to a state.
import { equationFields } from "./views/equation";
import { Player } from "./player";
import { frame, type State } from "./state";

export interface PlaybackEvents {
  /** The position or what plays is another. */
  changed(): void;
  /** A person took a step. */
  stepped(): void;
  /** Whether all else that is shown of a step is there. */
  ready(step: number): boolean;
}

export class Playback {
  private readonly player = new Player({
    advance: () => this.advance(),
    interval: () => 1000 / Number(this.state.values.speed ?? 10),
  });

  constructor(
    private readonly state: State,
    private readonly events: PlaybackEvents,
  ) {}

  toggle(): void {
    if (!this.state.playing && this.atEnd()) this.state.position = 0;
    this.play(!this.state.playing);
    this.events.changed();
  }

  play(playing: boolean): void {
    this.state.playing = playing;
    if (playing) this.player.play();
    else this.player.pause();
  }

  atEnd(): boolean {
    return this.state.source !== undefined && this.state.position >= this.state.source.run.steps;
  }

  /** One step on (1) or back (-1), which pauses. */
  step(by: number): void {
    this.play(false);
    this.events.stepped();
    this.seek(this.state.position + by);
  }

  seek(position: number): void {
    const steps = this.state.source?.run.steps ?? 0;
    this.state.position = Math.min(steps, Math.max(0, position));
    this.events.changed();
  }

  private advance(): boolean {
    const { state } = this;
    const run = state.source?.run;
    if (!run) return false;
    if (this.atEnd()) {
      this.play(false);
    } else {
      const step = Math.min(state.position + 1, run.steps - 1);
      if (!equationFields(run, step).every((field) => frame(state, field, step))) return false;
      if (!this.events.ready(step)) return false;
      state.position += 1;
    }
    this.events.changed();
    return true;
  }
}
