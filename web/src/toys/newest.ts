/** Work that is asked for again and again: once at a time, and then once more if it was asked for meanwhile. */
export class Newest {
  private asked = false;
  private working = false;

  constructor(private readonly work: () => Promise<void>) {}

  async ask(): Promise<void> {
    this.asked = true;
    if (this.working) return;
    this.working = true;
    try {
      while (this.asked) {
        this.asked = false;
        await this.work();
      }
    } finally {
      this.working = false;
    }
  }
}
