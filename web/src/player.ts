// Plays: at most `speed` steps a second, and never past what has been computed.

export interface PlayerEvents {
  /** Takes a step if its images are there; false to be asked again soon. */
  advance(): boolean;
  /** Milliseconds that each step stays. */
  interval(): number;
}

export class Player {
  private timer: number | undefined;
  private due = 0;

  constructor(private readonly events: PlayerEvents) {}

  get playing(): boolean {
    return this.timer !== undefined;
  }

  play(): void {
    if (this.playing) return;
    this.due = performance.now() + this.events.interval();
    this.timer = requestAnimationFrame((now) => this.tick(now));
  }

  pause(): void {
    if (this.timer !== undefined) cancelAnimationFrame(this.timer);
    this.timer = undefined;
  }

  private tick(now: number): void {
    this.timer = requestAnimationFrame((later) => this.tick(later));
    if (now < this.due) return;
    // After a wait for the model the pace starts anew: no burst of steps to catch up.
    if (this.events.advance()) this.due = Math.max(this.due + this.events.interval(), now);
  }
}
