// Turns the GPU on and off for a model: what was asked for, what became of it, and one more try after a loss.
import { GpuBackend, type GpuWish, type Subject } from "./backend";
import type { Ahead, ModelInputs, Taken } from "./plan";

export type BackendChoice = "auto" | "webgpu" | "webgpu-float16" | "wasm-threads" | "wasm";

/** What runs, for people. */
export interface BackendStatus {
  /** The GPU's name while it runs the model. */
  adapter?: string;
  /** Why it does not, or what is being done. */
  note: string;
}

const RETRY_AFTER_MS = 10_000;

export class GpuSwitch {
  private running: GpuBackend | undefined;
  private subject: Subject | undefined;
  private wish: GpuWish = { forced: false, weights: "float32" };
  private attempt = 0; // a newer one makes an older one silent
  private retries = 0;

  constructor(private readonly tell: (status: BackendStatus) => void) {}

  /** Nothing runs on the GPU from now on. */
  stop(): void {
    this.attempt += 1;
    this.subject = undefined;
    this.running?.close();
    this.running = undefined;
  }

  /** Prepares the GPU for a model, if it is wanted; until it is ready, and if it fails, isReady is false. */
  async start(subject: Subject, choice: BackendChoice): Promise<void> {
    this.stop();
    this.retries = 0;
    if (choice === "wasm" || choice === "wasm-threads") return this.tell({ note: "" });
    this.subject = subject;
    this.wish = {
      forced: choice !== "auto",
      weights: choice === "webgpu-float16" ? "float16" : "float32",
    };
    await this.try();
  }

  private async try(): Promise<void> {
    const { subject } = this;
    if (!subject) return;
    const attempt = ++this.attempt;
    this.tell({ note: "The GPU is being prepared; WebAssembly runs meanwhile." });
    try {
      const backend = await GpuBackend.open(subject, this.wish, (reason) => {
        if (attempt === this.attempt) this.lose(reason);
      });
      if (attempt !== this.attempt) return backend.close();
      this.running = backend;
      this.tell({ adapter: backend.adapter, note: "" });
    } catch (error) {
      if (attempt !== this.attempt) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.tell({ note: `WebAssembly runs: ${reason}.` });
    }
  }

  get isReady(): boolean {
    return this.running !== undefined;
  }

  /** Images to ask about in one call. */
  get images(): number {
    return this.running?.images ?? 1;
  }

  /** Calls of one image that one submit may take. */
  get callsAtOnce(): number {
    return this.running?.callsAtOnce ?? 0;
  }

  /** The raw output, or nothing if the GPU failed: then it is off. */
  run(inputs: ModelInputs): Promise<Float32Array | undefined> {
    return this.attemptTo((running) => running.run(inputs));
  }

  /** Likewise, what several steps give. */
  runAhead(ahead: Ahead): Promise<Taken | undefined> {
    return this.attemptTo((running) => running.runAhead(ahead));
  }

  private async attemptTo<T>(work: (running: GpuBackend) => Promise<T>): Promise<T | undefined> {
    const { running } = this;
    try {
      return running && (await work(running));
    } catch (error) {
      if (running === this.running) this.lose(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** The run goes on without it; it is tried once more. */
  private lose(reason: string): void {
    this.running?.close();
    this.running = undefined;
    const again = this.retries === 0;
    this.tell({
      note: `WebAssembly goes on: ${reason}${again ? "; it is tried once more in a few seconds" : ""}.`,
    });
    if (!again) return;
    this.retries += 1;
    const { attempt } = this;
    setTimeout(() => {
      if (attempt === this.attempt) void this.try();
    }, RETRY_AFTER_MS);
  }
}
