// The worker: owns the core, serves the newest request first and works in short slices between
// messages, so that the page is answered at once whatever the model costs.
import { fetchBytes, type Progress } from "./download";
import type { PlanOptions } from "./gpu/plan";
import { GpuSwitch, type BackendChoice } from "./gpu/switch";
import type { FeatureWant } from "./network";
import type { FromWorker, ToWorker, Want } from "./protocol";
import { answerToy } from "../toys/answer";
import type { ToyRequest } from "../toys/protocol";
import { Core, type CreateModule } from "./wasm";

declare const self: DedicatedWorkerGlobalScope & { createUndiffuse: CreateModule };

let core: Core | undefined;
let run = 0; // counts runs, so that the page can tell late frames of an old one
let wants: Want[] = [];
let features: FeatureWant[] = []; // wanted of the network's inside
let bound: number | undefined; // the image whose bound is wanted, until it is there
const saves: Save[] = []; // pictures to keep, the first one begun if `saving`
let saving = false;
let pumping = false;

const gpu = new GpuSwitch((status) => post({ type: "backend", ...status }));
let startGpu: (() => void) | undefined; // once the engine here has shown a first step

type Message<T extends ToWorker["type"]> = Extract<ToWorker, { type: T }>;
type Save = Message<"save"> & { run: number };

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

/** The program with and without threads, each once: a later try goes on with it if only the weights did
 * not come. */
const programs = new Map<number, Promise<Core>>();
function loadProgram(base: string, threads: number, progress: Progress): Promise<Core> {
  const loaded = programs.get(threads);
  if (loaded) return loaded;
  const program = createCore(base, threads, progress).catch((error) => {
    programs.delete(threads);
    throw error;
  });
  programs.set(threads, program);
  return program;
}

/** Weights files that a person opened, by their model's name. */
const openedFiles = new Map<string, Uint8Array>();

function refuse(id: number, message: string): void {
  post({ type: "refused", id, message });
}

/** Making a plan takes several times the file, of 128 MiB that cannot grow in the module with threads. */
const LARGEST_GPU_FILE = 6 << 20;

/** A model is open; the GPU, if it is wanted, follows when the first step has been shown. */
function modelOpened(ready: Core, bytes: Uint8Array, backend: BackendChoice): void {
  core = ready;
  gpu.stop();
  const subject = {
    plan: (options: PlanOptions) => {
      if (bytes.length > LARGEST_GPU_FILE)
        throw new Error("this model is too large to prepare for the GPU here");
      return ready.gpuPlan(bytes, options);
    },
    sampleCall: () => ready.sampleCall(),
  };
  startGpu = () => void gpu.start(subject, backend);
  beginRun();
}

/** Forgets what is wanted of the run before; its saves are refused in their turn, once the page has heard
 * of the new run. */
function beginRun(): void {
  run += 1;
  wants = [];
  features = [];
  bound = undefined;
}

let loads = 0; // a download that outlives its failed load is silent
async function load({ base, model, threads, backend }: Message<"load">): Promise<void> {
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
    modelOpened(ready, bytes, backend);
    post({ type: "ready", threads });
  } catch (error) {
    if (number !== loads) return;
    loads += 1;
    post({ type: "failed", message: reason(error) });
  }
}

/** Posts the want's fields; false if its record is not there. */
function serve(ready: Core, want: Want): boolean {
  const data = want.fields.map((field) => ready.field(want.step, want.sample, field));
  if (data.some((image) => image === undefined)) return false;
  const images = data as Float32Array[];
  const { step, sample, fields } = want;
  const state = { available: ready.available(), milliseconds: ready.milliseconds() };
  post(
    { type: "frames", run, step, sample, fields, data: images, ...state },
    images.map((image) => image.buffer),
  );
  return true;
}

/** Towards a step that is far: several at once, on the GPU; false if one at a time is all that goes. */
async function computeAhead(ready: Core, step: number): Promise<boolean> {
  const ahead = ready.askAhead(step, gpu.callsAtOnce);
  if (!ahead) return false;
  const began = performance.now();
  const taken = await gpu.runAhead(ahead);
  if (taken) ready.supplyAhead(ahead, taken, performance.now() - began);
  return true;
}

/** A slice of work towards a step's record, on the GPU if it is ready; true once the record is there. */
async function compute(ready: Core, step: number): Promise<boolean> {
  if (!gpu.isReady) return ready.compute(step);
  if (await computeAhead(ready, step)) return false;
  const question = ready.ask(step, gpu.images);
  if (!question) return true;
  const began = performance.now();
  const raw = await gpu.run(question.inputs);
  if (raw) ready.supply(question, raw, performance.now() - began);
  return false;
}

/** A slice of work on the most urgent want. */
async function workOnWant(ready: Core): Promise<void> {
  const want = wants[0]!;
  const never = want.ifAvailable && want.step >= ready.available();
  if (!never) {
    const list = wants;
    if (!(await compute(ready, want.step))) return;
    if (list !== wants) return; // while the GPU worked, something else was wanted
    serve(ready, want);
    startGpu?.();
    startGpu = undefined;
  }
  wants.shift();
}

/** A slice of work on the first save. Wants whose records are there are served meanwhile; the others
 * wait, since two that recompute in turns would undo each other's steps. */
function workOnSave(ready: Core): void {
  wants = wants.filter((want) => !serve(ready, want));
  const { id, what, position, sample, run: asked } = saves[0]!;
  try {
    if (asked !== run) throw new Error("The run changed before it was saved: save again.");
    if (!saving) ready.save(what, position, sample);
    saving = true;
    const bytes = ready.saveOn();
    if (!bytes) return;
    post({ type: "saved", id, bytes }, [bytes.buffer]);
  } catch (error) {
    refuse(id, reason(error));
  }
  saves.shift();
  saving = false;
}

/** Posts the first feature whose record is there, a network call's work; false if there is none. */
function serveFeature(ready: Core): boolean {
  for (const want of features) {
    const values = ready.feature(want.step, want.sample, want.block);
    if (!values) continue;
    features = features.filter((other) => other !== want);
    post({ type: "feature", run, ...want, values }, [values.buffer]);
    return true;
  }
  return false;
}

/** A slice of work on a record that only a feature wants. */
async function workOnFeature(ready: Core): Promise<void> {
  const list = features;
  if ((await compute(ready, features[0]!.step)) && list === features && !serveFeature(ready))
    features.shift();
}

/** A slice of work on the bound, when nothing else is wanted; the page hears of it now and then. */
function workOnBound(ready: Core, told: number): void {
  const sample = bound!;
  const more = ready.bound(sample);
  if (!more) bound = undefined;
  if (more && performance.now() - told < TELL_EVERY_MS) return;
  const curve = ready.boundCurve();
  if (curve) post({ type: "bound", run, sample, curve });
}

/** A far step takes a while: the page hears how far it has come. */
const TELL_EVERY_MS = 150;

async function pump(): Promise<void> {
  if (pumping) return;
  pumping = true;
  let told = performance.now();
  while (wants.length > 0 || saves.length > 0 || features.length > 0 || bound !== undefined) {
    const ready = core!; // another one when threads are turned on or off
    if (!serveFeature(ready)) {
      if (saves.length > 0) workOnSave(ready);
      else if (wants.length > 0) await workOnWant(ready);
      else if (features.length > 0) await workOnFeature(ready);
      else workOnBound(ready, told);
    }
    if (performance.now() - told > TELL_EVERY_MS) {
      told = performance.now();
      post({ type: "computing", run, available: ready.available() });
    }
    await nextTurn();
  }
  pumping = false;
}

/** What a card's name becomes as a setting: letters, digits and dashes. */
const settingName = (name: string) => name.replace(/[^\w-]+/g, "-").slice(0, 64) || "opened";

/** A weights file becomes the model, whatever was loading; a saved picture gives its settings back. */
async function open({ id, base, threads, backend, name, bytes }: Message<"open">): Promise<void> {
  const progress: Progress = (what, loaded, total) => post({ type: "progress", what, loaded, total });
  try {
    const ready = await loadProgram(base, threads, progress);
    if (name.toLowerCase().endsWith(".png")) {
      post({ type: "opened", id, settings: ready.settingsOfPng(bytes), given: ready.given.ofPng(bytes) });
      return;
    }
    ready.open(bytes);
    loads += 1;
    modelOpened(ready, bytes, backend);
    const model = settingName(ready.run().model.name);
    openedFiles.set(model, bytes);
    post({ type: "opened", id, model });
  } catch (error) {
    refuse(id, reason(error));
  }
}

/** Evidence for the run, or none: another run, as of other settings. */
function give(ready: Core, { id, given }: Message<"give">): void {
  try {
    ready.given.give(given);
  } catch (error) {
    return refuse(id, reason(error));
  }
  beginRun();
  post({ type: "given", id, run, info: ready.run() });
}

function fit(ready: Core, { id, width, height, pixels }: Message<"fit">): void {
  try {
    const image = ready.given.fit(width, height, pixels);
    post({ type: "fitted", id, image }, [image.buffer]);
  } catch (error) {
    refuse(id, reason(error));
  }
}

/** The Swiss roll's page asks one thing after the other, with one thread. */
async function toy(request: ToyRequest): Promise<void> {
  const load = async () => (await loadProgram(request.base, 1, () => {})).toys;
  self.postMessage({ type: "toy", id: request.id, answer: await answerToy(request, load) });
}

self.onmessage = ({ data }: MessageEvent<ToWorker | ToyRequest>) => {
  if (data.type === "toy") {
    void toy(data);
    return;
  }
  if (data.type === "load") {
    void load(data);
    return;
  }
  if (data.type === "open") {
    void open(data);
    return;
  }
  if (!core) return;
  switch (data.type) {
    case "apply": {
      const applied = core.apply(data.settings);
      if (applied.restarted) beginRun();
      post({ type: "applied", id: data.id, run, applied, info: core.run() });
      break;
    }
    case "give":
      give(core, data);
      break;
    case "fit":
      fit(core, data);
      break;
    case "schedules":
      post({ type: "schedules", id: data.id, schedules: core.schedules(data.settings, data.points) });
      break;
    case "save":
      saves.push({ ...data, run });
      void pump();
      break;
    case "features":
      if (data.run !== run) return;
      features = data.wants;
      void pump();
      break;
    case "bound":
      if (data.run !== run) return;
      bound = data.sample;
      void pump();
      break;
    case "want":
      if (data.run !== run) return;
      wants = data.wants;
      void pump();
      break;
  }
};
