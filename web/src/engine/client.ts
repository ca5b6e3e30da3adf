// The page's end of the worker: a cache of frames, and requests that always name all that is wanted now.
import { Bounds } from "./bound";
import type { BackendChoice, BackendStatus } from "./gpu/switch";
import { Features, type FeatureWant } from "./network";
import type { Applied, Field, FromWorker, Given, Keepsake, Run, Schedules, ToWorker, Want } from "./protocol";

/** Where views get a run's images from: the live engine, or a recording. */
export interface FrameSource {
  readonly run: Run;
  /** Steps computed so far, without a gap. */
  readonly available: number;
  /** One image, or nothing yet. */
  get(step: number, sample: number, field: Field): Float32Array | undefined;
  /** All that is wanted now, most urgent first; an earlier request is forgotten. */
  want(wants: Want[]): void;
  /** What the network's blocks put out; a recording does not know. */
  readonly features?: Features;
  /** The bound of its images; a recording does not know. */
  readonly bounds?: Bounds;
}

/** What a file was: a saved picture's settings and evidence, or a model that is open now. */
export interface Opened {
  settings?: string;
  given?: Given | null;
  model?: string;
}

export interface EngineEvents {
  progress(what: string, loaded: number, total: number): void;
  ready(threads: number): void;
  failed(message: string): void;
  frames(): void;
  backend(status: BackendStatus): void;
}

/** Where the program and the models lie. */
const base = () => new URL(".", document.baseURI).href;

/** Frames of this many bytes are kept here; the worker has the rest and recomputes what it must. */
const CACHE_BYTES = 64 << 20;

class LiveRun implements FrameSource {
  available = 0;
  readonly features: Features;
  readonly bounds: Bounds;
  private readonly frames = new Map<string, Float32Array>();
  private bytes = 0;

  constructor(
    readonly run: Run,
    private readonly send: (wants: Want[]) => void,
    sendFeatures: (wants: FeatureWant[]) => void,
    sendBound: (sample: number | undefined) => void,
  ) {
    this.features = new Features(sendFeatures);
    this.bounds = new Bounds(sendBound);
  }

  get(step: number, sample: number, field: Field): Float32Array | undefined {
    return this.frames.get(`${step}/${sample}/${field}`);
  }

  want(wants: Want[]): void {
    const missing = wants.filter((want) =>
      want.fields.some((field) => this.get(want.step, want.sample, field) === undefined),
    );
    this.send(missing);
  }

  put(message: Extract<FromWorker, { type: "frames" }>): void {
    this.available = message.available;
    message.fields.forEach((field, i) => {
      const image = message.data[i]!;
      this.frames.set(`${message.step}/${message.sample}/${field}`, image);
      this.bytes += image.byteLength;
    });
    // Maps keep their order of insertion: the oldest frames go first.
    for (const [key, image] of this.frames) {
      if (this.bytes <= CACHE_BYTES) break;
      this.frames.delete(key);
      this.bytes -= image.byteLength;
    }
  }
}

export class Engine {
  milliseconds = 0;
  private adapter: string | undefined;
  private worker: Worker;
  private stopped = false;
  private readonly answers = new Map<number, (message: FromWorker) => void>();
  private nextId = 1;
  private live: { number: number; run: LiveRun } | undefined;

  constructor(private readonly events: EngineEvents) {
    this.worker = this.startWorker();
  }

  private startWorker(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { name: "undiffuse" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.receive(data);
    worker.onerror = (event) => {
      event.preventDefault(); // said in place, not in the console
      this.stopped = true;
      const reason = event.message
        ? `stopped (${event.message}): `
        : "did not load: check the connection, then ";
      this.events.failed(`The network's worker ${reason}retry.`);
    };
    return worker;
  }

  load(model: string, threads: number, backend: BackendChoice): void {
    this.restartIfStopped();
    this.post({ type: "load", base: base(), model, threads, backend });
  }

  private restartIfStopped(): void {
    if (!this.stopped) return;
    this.worker.terminate();
    this.worker = this.startWorker();
    this.stopped = false;
    this.live = undefined;
  }

  async apply(settings: string): Promise<{ applied: Applied; source: FrameSource }> {
    const message = await this.ask<Extract<FromWorker, { type: "applied" }>>((id) => ({
      type: "apply",
      id,
      settings,
    }));
    if (this.live?.number !== message.run || message.applied.restarted || !this.live) {
      this.live = this.begun(message.run, message.info);
    }
    return { applied: message.applied, source: this.live.run };
  }

  private begun(number: number, info: Run): { number: number; run: LiveRun } {
    const run = new LiveRun(
      info,
      (wants) => this.post({ type: "want", run: number, wants }),
      (wants) => this.post({ type: "features", run: number, wants }),
      (sample) => this.post({ type: "bound", run: number, sample }),
    );
    return { number, run };
  }

  /** Evidence for the run, or none: another run. */
  async give(given: Given | null): Promise<FrameSource> {
    type Taken = Extract<FromWorker, { type: "given" }>;
    const { run, info } = await this.ask<Taken>((id) => ({ type: "give", id, given }));
    this.live = this.begun(run, info);
    return this.live.run;
  }

  /** Pixels R, G, B, A of any size as an image of the model's. */
  async fit({ width, height, data }: ImageData): Promise<Float32Array> {
    type Fitted = Extract<FromWorker, { type: "fitted" }>;
    return (await this.ask<Fitted>((id) => ({ type: "fit", id, width, height, pixels: data }))).image;
  }

  async schedules(settings: string, points: number): Promise<Schedules> {
    const message = await this.ask<Extract<FromWorker, { type: "schedules" }>>((id) => ({
      type: "schedules",
      id,
      settings,
      points,
    }));
    return message.schedules;
  }

  /** A PNG with its settings inside; `position` counts the steps taken. */
  async save(what: Keepsake, position: number, sample: number): Promise<Uint8Array> {
    type Saved = Extract<FromWorker, { type: "saved" }>;
    return (await this.ask<Saved>((id) => ({ type: "save", id, what, position, sample }))).bytes;
  }

  open(name: string, bytes: Uint8Array, threads: number, backend: BackendChoice): Promise<Opened> {
    type Answer = Extract<FromWorker, { type: "opened" }>;
    this.restartIfStopped();
    return this.ask<Answer>((id) => ({ type: "open", id, base: base(), threads, backend, name, bytes }));
  }

  /** Rejects with the worker's sentence if it refuses. */
  private ask<T extends FromWorker>(question: (id: number) => ToWorker): Promise<T> {
    const id = this.nextId++;
    this.post(question(id));
    return new Promise((resolve, reject) =>
      this.answers.set(id, (message) => {
        if (message.type === "refused") reject(new Error(message.message));
        else resolve(message as T);
      }),
    );
  }

  private post(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case "progress":
        return this.events.progress(message.what, message.loaded, message.total);
      case "ready":
        return this.events.ready(message.threads);
      case "backend":
        if (message.adapter !== this.adapter) this.milliseconds = 0; // another's pace
        this.adapter = message.adapter;
        return this.events.backend({ adapter: message.adapter, note: message.note });
      case "failed":
        return this.events.failed(message.message);
      case "computing":
        if (this.live?.number === message.run) this.live.run.available = message.available;
        return this.events.frames();
      case "frames":
        if (this.live?.number !== message.run) return;
        this.milliseconds = message.milliseconds;
        this.live.run.put(message);
        return this.events.frames();
      case "feature":
        if (this.live?.number !== message.run) return;
        this.live.run.features.put(message);
        return this.events.frames();
      case "bound":
        if (this.live?.number !== message.run) return;
        this.live.run.bounds.put(message);
        return this.events.frames();
      case "applied":
      case "given":
      case "fitted":
      case "schedules":
      case "saved":
      case "opened":
      case "refused":
        this.answers.get(message.id)?.(message);
        this.answers.delete(message.id);
    }
  }
}
