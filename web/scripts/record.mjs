#!/usr/bin/env node
// Makes what the page shows before its model is loaded: its tables and a run of the default
// settings, computed by the same WASM module (src/recording.ts has the format).
//
// usage: node record.mjs <site folder> <models.json>     the folder holds undiffuse.{js,wasm} and models/
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

delete globalThis.fetch; // Emscripten 3.1.6 would hand it a file path

// x_t, x0_hat, z, raw output and its variance part; the rest follows (src/recording.ts).
const FIELDS = [0, 1, 5, 7, 8];
const X_PREV = 6;
const CURVE_POINTS = 201;

const [site, modelsFile] = process.argv.slice(2).map((path) => resolve(path));
const createUndiffuse = createRequire(import.meta.url)(join(site, "undiffuse.js"));
const core = await createUndiffuse({ wasmBinary: readFileSync(join(site, "undiffuse.wasm")) });

const text = (pointer) => core.UTF8ToString(pointer);
const json = (pointer) => JSON.parse(text(pointer));
function withText(string, use) {
  const size = core.lengthBytesUTF8(string) + 1;
  const pointer = core._malloc(size);
  core.stringToUTF8(string, pointer, size);
  const result = use(pointer);
  core._free(pointer);
  return result;
}

function open(name) {
  const bytes = readFileSync(join(site, "models", `${name}.safetensors`));
  const pointer = core._malloc(bytes.length);
  core.HEAPU8.set(bytes, pointer);
  if (core._ud_open(pointer, bytes.length) !== 0) throw new Error(text(core._ud_error()));
  core._free(pointer);
  return bytes.length;
}

/** What the page says of a model before it is loaded. */
function entry({ name, title, data }) {
  const bytes = open(name);
  const { height, width, channels, predicts, own_settings } = json(core._ud_run()).model;
  return { name, title, data, bytes, height, width, channels, predicts, own_settings };
}

const scratch = new DataView(new ArrayBuffer(4));
/** Nearest float16; values here are far from its ends (below 6e-8 becomes 0). */
function toHalf(value) {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (size >= 65504) return sign | 0x7bff;
  if (size < 2 ** -14) return sign | Math.round(size * 2 ** 24);
  const rounded = (bits & 0x7fffffff) + 0x1000; // half of what is cut off; carries into the exponent
  return sign | ((rounded >>> 13) - ((127 - 15) << 10));
}

function images(run) {
  const size = run.model.height * run.model.width * run.model.channels;
  const out = core._malloc(4 * size);
  const halves = [];
  const add = (step, field) => {
    if (core._ud_field(step, 0, field, out) !== size) throw new Error(`no field ${field} of step ${step}`);
    halves.push(...core.HEAPF32.subarray(out / 4, out / 4 + size).map(toHalf));
  };
  for (let step = 0; step < run.steps; ++step) {
    while (core._ud_compute(step) === 0);
    for (const field of FIELDS) add(step, field);
  }
  add(run.steps - 1, X_PREV);
  return Uint16Array.from(halves);
}

core._ud_init(1);
const models = JSON.parse(readFileSync(modelsFile, "utf8"))
  .filter(({ name }) => existsSync(join(site, "models", `${name}.safetensors`)))
  .map(entry);
open(json(core._ud_settings_table()).find((row) => row.name === "model").default);
const run = json(core._ud_run());
const index = {
  table: json(core._ud_settings_table()),
  evidence: json(core._ud_evidence_table()),
  models,
  run,
  fields: FIELDS,
  schedules: withText("", (pointer) => json(core._ud_schedules(pointer, CURVE_POINTS))),
};
writeFileSync(join(site, "recording.bin"), new Uint8Array(images(run).buffer));
writeFileSync(join(site, "recording.json"), JSON.stringify(index));
