// The worker: owns the core, serves the newest request first and works in short slices between
// messages, so that the page is answered at once whatever the model costs.
import type { FromWorker, ToWorker, Want } from "./protocol";
import { Core, type CreateModule } from "./wasm";

declare const self: DedicatedWorkerGlobalScope & { createUndiffuse: CreateModule };

let core: Core | undefined;
let run = 0; // counts runs, so that the page can tell late frames of an old one
let wants: Want[] = [];
let pumping = false;

type Progress = (what: string, loaded: number, total: number) => void;

function post(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}

/** Lets queued messages in; setTimeout would wait 4 ms each time. */
const turn = new MessageChannel();
const resumes: (() => void)[] = [];
turn.port1.onmessage = () => resumes.shift()?.();
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    resumes.push(resolve);
    turn.port2.postMessage(null);
  });
}

/** A sentence of an error, for people. */
const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function fetchBytes(url: string, what: string, progress: Progress): Promise<Uint8Array> {
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
    progress(what, loaded, total);
  }
  const bytes = new Uint8Array(loaded);
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

function importProgram(script: string): void {
  try {
    self.importScripts(script);
  } catch {
    throw new Error("The program did not load (its script): check the connection, then retry.");
  }
}

async function createCore(base: string, threads: number, progress: Progress): Promise<Core> {
  const name = threads > 1 ? "undiffuse-threads" : "undiffuse";
  const wasmBinary = await fetchBytes(`${base}${name}.wasm`, "program", progress);
  const script = `${base}${name}.js`;
  importProgram(script);
  try {
    const module = await self.createUndiffuse({
      wasmBinary,
      mainScriptUrlOrBlob: script,
      locateFile: (file: string) => base + file,
      poolSize: threads - 1,
    });
    return new Core(module, threads);
  } catch (error) {
    throw new Error(`The program did not start (${reason(error)}): retry, or try another browser.`);
  }
}

/** The program, once: a later try goes on with it if only the weights did not come. */
let program: Promise<Core> | undefined;
function loadProgram(base: string, threads: number, progress: Progress): Promise<Core> {
  program ??= createCore(base, threads, progress).catch((error) => {
    program = undefined;
    throw error;
  });
  return program;
}

/** Weights files that a person opened, by their model's name. */
const openedFiles = new Map<string, Uint8Array>();

let loads = 0; // a download that outlives its failed load is silent
async function load({ base, model, threads }: Extract<ToWorker, { type: "load" }>): Promise<void> {
  const number = ++loads;
  const progress: Progress = (what, loaded, total) => {
    if (number === loads) post({ type: "progress", what, loaded, total });
  };
  try {
    const weights =
      openedFiles.get(model) ?? fetchBytes(`${base}models/${model}.safetensors`, "model", progress);
    const [ready, bytes] = await Promise.all([loadProgram(base, threads, progress), weights]);
    if (number !== loads) return;
    ready.open(bytes);
    core = ready;
    run += 1;
    wants = [];
    post({ type: "ready", threads });
  } catch (error) {
    if (number !== loads) return;
    loads += 1;
    post({ type: "failed", message: reason(error) });
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

/** A weights file becomes the model; a saved picture gives its settings back. */
function open(ready: Core, { id, name, bytes }: Extract<ToWorker, { type: "open" }>): void {
  if (name.toLowerCase().endsWith(".png")) {
    post({ type: "opened", id, settings: ready.settingsOfPng(bytes) });
    return;
  }
  ready.open(bytes);
  run += 1;
  wants = [];
  const model = ready.run().model.name;
  openedFiles.set(model, bytes);
  post({ type: "opened", id, model });
}

/** In slices, as far as the picture needs the run. */
async function save(ready: Core, message: Extract<ToWorker, { type: "save" }>): Promise<void> {
  const { id, what, position, sample } = message;
  const needed = what === "frame" ? Math.max(position - 1, 0) : ready.run().steps - 1;
  const started = run;
  while (!ready.compute(needed)) {
    await nextTurn();
    if (run !== started) throw new Error("The run changed before it was saved: save again.");
  }
  const bytes = ready.save(what, position, sample);
  post({ type: "saved", id, bytes }, [bytes.buffer]);
}

/** What goes wrong on the way is the answer. */
async function answer(id: number, act: () => void | Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    post({ type: "refused", id, message: reason(error) });
  }
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "load") {
    void load(data);
    return;
  }
  if (!core) return;
  const ready = core;
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
    case "save":
      void answer(data.id, () => save(ready, data));
      break;
    case "open":
      void answer(data.id, () => open(ready, data));
      break;
    case "want":
      if (data.run !== run) return;
      wants = data.wants;
      void pump(core);
      break;
  }
};
