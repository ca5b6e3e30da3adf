// The worker: owns the core, serves the newest request first and works in short slices between
// messages, so that the page is answered at once whatever the model costs.
import type { FromWorker, ToWorker, Want } from "./protocol";
import { Core, type CreateModule } from "./wasm";

declare const self: DedicatedWorkerGlobalScope & { createUndiffuse: CreateModule };

let core: Core | undefined;
let run = 0; // counts runs, so that the page can tell late frames of an old one
let wants: Want[] = [];
let pumping = false;

function post(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}

/** Lets queued messages in; setTimeout would wait 4 ms each time. */
const turn = new MessageChannel();
let resume: () => void = () => {};
turn.port1.onmessage = () => resume();
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    resume = resolve;
    turn.port2.postMessage(null);
  });
}

async function fetchBytes(url: string, what: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error(`The ${what} did not load: check the connection, then retry.`);
  }
  if (!response.ok || !response.body) {
    throw new Error(
      `The ${what} did not load (the server answered ${response.status}): retry, or tell whoever runs this site.`,
    );
  }
  const total = Number(response.headers.get("x-full-length") ?? response.headers.get("content-length") ?? 0);
  const parts: Uint8Array[] = [];
  let loaded = 0;
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    loaded += value.length;
    post({ type: "progress", what, loaded, total });
  }
  const bytes = new Uint8Array(loaded);
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

async function createCore(base: string, threads: number): Promise<Core> {
  const name = threads > 1 ? "undiffuse-threads" : "undiffuse";
  const wasmBinary = await fetchBytes(`${base}${name}.wasm`, "program");
  const script = `${base}${name}.js`;
  self.importScripts(script);
  const module = await self.createUndiffuse({
    wasmBinary,
    mainScriptUrlOrBlob: script,
    locateFile: (file: string) => base + file,
    poolSize: threads - 1,
  });
  return new Core(module, threads);
}

async function load(message: Extract<ToWorker, { type: "load" }>): Promise<void> {
  try {
    const weights = fetchBytes(`${message.base}models/${message.model}.safetensors`, "model");
    const created = core ?? createCore(message.base, message.threads);
    const [ready, bytes] = await Promise.all([created, weights]);
    ready.open(bytes);
    core = ready;
    post({ type: "ready", threads: message.threads });
  } catch (error) {
    post({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

/** Posts the want's fields if its record is there. */
function serve(ready: Core, want: Want): void {
  const data = want.fields.map((field) => ready.field(want.step, want.sample, field));
  if (data.some((image) => image === undefined)) return;
  const images = data as Float32Array[];
  const { step, sample, fields } = want;
  const state = { available: ready.available(), milliseconds: ready.milliseconds() };
  post(
    { type: "frames", run, step, sample, fields, data: images, ...state },
    images.map((image) => image.buffer),
  );
}

/** A far step takes a while: the page hears how far it has come. */
const TELL_EVERY_MS = 150;

async function pump(ready: Core): Promise<void> {
  if (pumping) return;
  pumping = true;
  let told = performance.now();
  while (wants.length > 0) {
    const want = wants[0]!;
    if (want.ifAvailable && want.step >= ready.available()) {
      wants.shift();
      continue;
    }
    // A newer request may replace the list while a turn passes; then this one simply is not at its head.
    if (ready.compute(want.step)) {
      serve(ready, want);
      wants.shift();
    } else if (performance.now() - told > TELL_EVERY_MS) {
      told = performance.now();
      post({ type: "computing", run, available: ready.available() });
    }
    await nextTurn();
  }
  pumping = false;
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "load") {
    void load(data);
    return;
  }
  if (!core) return;
  switch (data.type) {
    case "apply": {
      const applied = core.apply(data.settings);
      if (applied.restarted) {
        run += 1;
        wants = [];
      }
      post({ type: "applied", id: data.id, run, applied, info: core.run() });
      break;
    }
    case "schedules":
      post({ type: "schedules", id: data.id, schedules: core.schedules(data.settings, data.points) });
      break;
    case "want":
      if (data.run !== run) return;
      wants = data.wants;
      void pump(core);
      break;
  }
};
