#!/usr/bin/env node
// Our WebGPU engine beside onnxruntime-web's, on the same model, adapter and page: time until the first
// answer, time per call, bytes downloaded, dispatches. Then what the plan would take on real GPUs.
//
// usage: node gpu.mjs WEIGHTS.safetensors MODEL.onnx [calls]      (build/site/ holds the WASM module)
import { chromium } from "@playwright/test";
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [weights, onnx, calls = "5"] = process.argv.slice(2);
const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function ourScript() {
  const contents = `
    export { Core } from "./wasm";
    export { Executor } from "./gpu/executor";
    export { relativeDifference } from "./gpu/backend";`;
  const result = await build({
    stdin: { contents, resolveDir: here("../src/engine"), loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    globalName: "ours",
  });
  return Buffer.from(result.outputFiles[0].contents);
}

/** The files of each engine, compressed; counts what is sent. */
async function serve() {
  const ort = (name) => readFileSync(here(`node_modules/onnxruntime-web/dist/${name}`));
  const site = here("../../build/site");
  const files = {
    "/": () => Buffer.from("<!doctype html><title>bench</title>"),
    "/ours/engine.js": ourScript,
    "/ours/undiffuse.js": () => readFileSync(join(site, "undiffuse.js")),
    "/ours/undiffuse.wasm": () => readFileSync(join(site, "undiffuse.wasm")),
    "/ours/weights": () => readFileSync(weights),
    "/ort/model.onnx": () => readFileSync(onnx),
  };
  for (const name of [
    "ort.webgpu.min.js",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
  ]) {
    files[`/ort/${name}`] = () => ort(name);
  }
  const sent = { ours: 0, ort: 0 };
  const packed = new Map(); // before anything is timed
  for (const [path, read] of Object.entries(files)) packed.set(path, gzipSync(await read()));
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    const body = packed.get(path);
    if (!body) {
      if (path !== "/favicon.ico") console.error(`not served: ${path}`);
      return response.writeHead(404).end();
    }
    const engine = path.split("/")[1];
    if (engine) sent[engine] += body.length;
    const type = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
    response
      .writeHead(200, {
        "Content-Type":
          type[path.split(".").pop()] ?? (path === "/" ? "text/html" : "application/octet-stream"),
        "Content-Encoding": "gzip",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      })
      .end(body);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  return { server, sent, url: `http://localhost:${server.address().port}/` };
}

/** In the page. Each engine from nothing to its first answer, then calls by turns. */
async function measure(numCalls) {
  const script = (src) =>
    new Promise((resolve, reject) => {
      const element = Object.assign(document.createElement("script"), {
        src,
        onload: resolve,
        onerror: reject,
      });
      document.head.append(element);
    });
  let dispatches = 0;
  const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...size) {
    dispatches += 1;
    return dispatch.apply(this, size);
  };
  const timed = async (work) => {
    dispatches = 0;
    const began = performance.now();
    const result = await work();
    return { result, milliseconds: performance.now() - began, dispatches };
  };
  const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

  const startOurs = async () => {
    const [wasmBinary, file] = await Promise.all([
      bytes("/ours/undiffuse.wasm"),
      bytes("/ours/weights"),
      script("/ours/undiffuse.js"),
      script("/ours/engine.js"),
    ]);
    const core = new ours.Core(await createUndiffuse({ wasmBinary }), 1);
    core.open(file);
    const adapter = await navigator.gpu.requestAdapter();
    const { plan, weights } = core.gpuPlan(file, { maxBatch: 32, weights: "float32" });
    const executor = await ours.Executor.create(await adapter.requestDevice(), plan, weights);
    const { inputs, raw } = core.sampleCall();
    const call = () => executor.run(inputs);
    return { plan, inputs, call, expected: raw, first: await call(), model: core.run().model };
  };
  const startOrt = async (inputs, model) => {
    await script("/ort/ort.webgpu.min.js");
    ort.env.wasm.wasmPaths = "/ort/";
    const session = await ort.InferenceSession.create("/ort/model.onnx", {
      executionProviders: ["webgpu"],
      logSeverityLevel: 3,
    });
    const { height, width, channels } = model;
    const planar = new Float32Array(inputs.x.length);
    inputs.x.forEach(
      (value, i) => (planar[(i % channels) * height * width + Math.floor(i / channels)] = value),
    );
    const feeds = {
      x: new ort.Tensor("float32", planar, [1, channels, height, width]),
      t: new ort.Tensor("float32", inputs.t, [1]),
      label: new ort.Tensor("int64", BigInt64Array.of(BigInt(inputs.label[0])), [1]),
    };
    const call = async () => (await session.run(feeds)).raw.getData();
    return { call, first: await call() };
  };

  const oursReady = await timed(startOurs);
  const { plan, inputs, expected, model } = oursReady.result;
  const ortReady = await timed(() => startOrt(inputs, model));
  const interleaved = (values) => {
    const outs = values.length / model.height / model.width;
    const moved = new Float32Array(values.length);
    values.forEach((value, i) => {
      const pixels = model.height * model.width;
      moved[(i % pixels) * outs + Math.floor(i / pixels)] = value;
    });
    return moved;
  };
  const result = {
    ready: { ours: oursReady.milliseconds, ort: ortReady.milliseconds },
    off: {
      ours: ours.relativeDifference(oursReady.result.first, expected),
      ort: ours.relativeDifference(interleaved(ortReady.result.first), expected),
    },
    calls: { ours: [], ort: [] },
    dispatches: {},
    plan: plan.dispatches.map(({ shader, flops, traffic }) => ({ shader, flops, traffic })),
  };
  for (let i = 0; i < numCalls; ++i) {
    for (const [name, engine] of [
      ["ours", oursReady.result],
      ["ort", ortReady.result],
    ]) {
      const call = await timed(engine.call);
      result.calls[name].push(call.milliseconds);
      result.dispatches[name] = call.dispatches;
    }
  }
  return result;
}

/** Peak float32 arithmetic and bandwidth that kernels like these reach in part, and what a dispatch costs. */
const GPUS = [
  { name: "integrated GPU (1 TFLOP/s, 50 GB/s)", flops: 1e12, bandwidth: 50e9, launch: 10e-6 },
  { name: "discrete GPU (20 TFLOP/s, 500 GB/s)", flops: 20e12, bandwidth: 500e9, launch: 5e-6 },
];

const sum = (values) => values.reduce((all, value) => all + value, 0);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const { server, sent, url } = await serve();
const browser = await chromium.launch({
  executablePath: process.env.UNDIFFUSE_CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
});
const page = await browser.newPage();
page.setDefaultTimeout(600_000);
await page.goto(url);
const { ready, off, calls: times, dispatches, plan } = await page.evaluate(measure, Number(calls));
await browser.close();
server.close();

const row = (name, ours, ort, note = "") =>
  console.log(`${name.padEnd(34)}${ours.padStart(12)}${ort.padStart(18)}  ${note}`);
const times_less = (ours, ort) => `${(ort / ours).toFixed(1)} times less`;
row(basename(weights), "undiffuse", "onnxruntime-web");
row(
  "first answer, ms from nothing",
  ready.ours.toFixed(0),
  ready.ort.toFixed(0),
  times_less(ready.ours, ready.ort),
);
const [ours, ort] = [median(times.ours), median(times.ort)];
row("a call of one image, ms (median)", ours.toFixed(0), ort.toFixed(0), times_less(ours, ort));
row(
  "downloaded, gzip, MB",
  (sent.ours / 1e6).toFixed(2),
  (sent.ort / 1e6).toFixed(2),
  times_less(sent.ours, sent.ort),
);
row("dispatches per call", String(dispatches.ours), String(dispatches.ort));
row("off the CPU engine", off.ours.toExponential(1), off.ort.toExponential(1), "of the largest value");
console.log(
  `\nundiffuse: ${(sum(plan.map(({ flops }) => flops)) / 1e6).toFixed(0)} MFLOP and ` +
    `${(sum(plan.map(({ traffic }) => traffic)) / 1e6).toFixed(1)} MB moved per call. Roofline estimates:`,
);
for (const { name, flops, bandwidth, launch } of GPUS) {
  const seconds = sum(plan.map((each) => Math.max(each.flops / flops, each.traffic / bandwidth) + launch));
  console.log(
    `  ${name.padEnd(38)} ${(seconds * 1000).toFixed(2)} ms a call, ${(plan.length * launch * 1000).toFixed(2)} of it launching`,
  );
}
