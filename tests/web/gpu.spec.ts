// WebGPU on Chromium's software adapter: every op and model against the CPU engine, and what the page does
// when a GPU comes, goes or lies. UNDIFFUSE_LONG=1 adds what takes minutes.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Page } from "@playwright/test";
import type { Executor } from "../../web/src/engine/gpu/executor";
import type { Plan } from "../../web/src/engine/gpu/plan";
import type { BackendChoice } from "../../web/src/engine/gpu/switch";
import { applied, expect, finish, levels, openLive, seek, select, slide, test } from "./page";

const path = (name: string) => join(__dirname, "../..", name);
const LONG = process.env.UNDIFFUSE_LONG === "1";

/** The issue's bar: of the tensor's largest value. Float32 on both sides reaches about 1e-6. */
const PARITY_TOL = 1e-4;
/** Levels of 255 in the final image. */
const PICTURE_TOL = 2;

const badge = (page: Page) => page.locator("#badge");
const note = (page: Page) => page.locator("#backend-note");
const models = readdirSync(path("weights"))
  .filter((name) => name.endsWith(".safetensors"))
  .map((name) => name.replace(".safetensors", ""));

interface Case {
  name: string;
  plan: Plan;
  batch: number;
  weights: number;
}

interface Tools {
  Executor: typeof Executor;
  relativeDifference(values: Float32Array, expected: Float32Array): number;
}

/** Any page of a host where WebGPU is allowed. */
async function openBare(page: Page): Promise<void> {
  await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  await page.goto("/recording.json");
}

/** Compares each case in the page; its largest difference, as a part of the largest value. */
async function compare(page: Page, cases: Case[]): Promise<{ name: string; difference: number }[]> {
  const bundle = await build({
    stdin: {
      contents: `export { Executor } from "./executor"; export { relativeDifference } from "./backend";`,
      resolveDir: path("web/src/engine/gpu"),
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "tools",
  });
  await page.addScriptTag({ content: bundle.outputFiles[0]!.text });
  return page.evaluate(async (all) => {
    const { Executor, relativeDifference } = (globalThis as unknown as { tools: Tools }).tools;
    const adapter = await navigator.gpu.requestAdapter();
    if (!adapter) throw new Error("WebGPU was expected here, and there is none.");
    const device = await adapter.requestDevice();
    const executors: Executor[] = []; // alive, so that the browser shares their pipelines
    const results = [];
    for (const [i, { name, plan, batch, weights }] of all.entries()) {
      const values = new Float32Array(await (await fetch(`/gpu-cases/${i}.bin`)).arrayBuffer());
      let at = 0;
      const take = (count: number) => values.slice(at, (at += count));
      const executor = await Executor.create(device, plan, new Uint32Array(take(weights).buffer));
      executors.push(executor);
      const raw = await executor.run({ x: take(batch * plan.input), t: take(batch), label: take(batch) });
      results.push({ name, difference: relativeDifference(raw, take(batch * plan.result)) });
    }
    return results;
  }, cases);
}

/** Runs `change` at the start of the engine's worker. */
async function inWorker(page: Page, change: () => void): Promise<void> {
  await page.route("**/assets/worker*.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${change})();\n${await response.text()}` });
  });
}

async function reseed(page: Page, seed: string): Promise<void> {
  await page.getByRole("spinbutton", { name: "Seed" }).fill(seed);
  await page.getByRole("spinbutton", { name: "Seed" }).press("Enter");
  await applied(page, `seed=${seed}`);
}

/** The final image's grey levels; on the GPU, the run starts there. */
async function finalLevels(page: Page, settings: string, backend: BackendChoice): Promise<number[]> {
  await page.emulateMedia({ reducedMotion: "reduce" }); // it starts paused
  await openLive(page, `${settings}&backend=${backend}`);
  if (backend !== "wasm") {
    await expect(badge(page)).toContainText("WebGPU");
    const seed = await page.getByRole("spinbutton", { name: "Seed" }).inputValue();
    await reseed(page, "99"); // the CPU engine has taken the first steps of this one
    await reseed(page, seed);
  }
  await finish(page);
  if (backend !== "wasm") await expect(badge(page)).toContainText("WebGPU");
  return levels(page, "next");
}

function largestDifference(a: number[], b: number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((level, i) => Math.abs(level - b[i]!)));
}

test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const args = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...args] });
  },
  // The adapter says that it is one, and that nobody should use it.
  expectedInConsole: [/WebGPU|fallback/i],
});

test("every op and every model as the CPU engine", async ({ page }) => {
  test.setTimeout(300_000);
  const folder = path("build/gpu-cases");
  mkdirSync(folder, { recursive: true });
  const files = models.map((name) => path(`weights/${name}.safetensors`));
  execFileSync(path("build/release/tests/gpu_cases"), [folder, ...files]);
  await page.route("**/gpu-cases/*", (route) =>
    route.fulfill({ path: `${folder}/${route.request().url().split("/").pop()}` }),
  );
  await openBare(page);
  const cases = JSON.parse(readFileSync(`${folder}/cases.json`, "utf8")) as Case[];
  const results = await compare(page, cases);
  for (const { name, difference } of results) {
    expect(difference, name).toBeLessThanOrEqual(PARITY_TOL); // false for NaN, too
  }
  expect(results.length).toBe(cases.length);
  for (const float16 of [false, true]) {
    const some = results.filter(({ name }) => name.endsWith(", float16 weights") === float16);
    expect(some.filter(({ name }) => name.startsWith("model")).length).toBe(models.length);
    const worst = some.reduce((a, b) => (a.difference > b.difference ? a : b));
    console.log(`${some.length} cases, worst ${worst.difference.toExponential(1)}: ${worst.name}`);
  }
});

test("it takes over without a jump, and ends in the same image", async ({ page, context }) => {
  const settings = LONG ? "seed=3" : "seed=3&steps=5";
  test.setTimeout(LONG ? 900_000 : 120_000);
  const gpu = await finalLevels(page, settings, "webgpu");
  await expect(badge(page)).toContainText(/WebGPU, google swiftshader · \d+ ms a step/);
  const cpu = await finalLevels(await context.newPage(), settings, "wasm");
  expect(largestDifference(gpu, cpu)).toBeLessThanOrEqual(PICTURE_TOL);
});

for (const model of models.filter((name) => name !== "mnist-mean-variance")) {
  test(`${model}: the same image`, async ({ page, context }) => {
    const settings = `model=${model}&seed=3${LONG ? "" : "&steps=2&guidance=1"}`;
    test.setTimeout(LONG ? 1_800_000 : 120_000);
    const gpu = await finalLevels(page, settings, "webgpu");
    const cpu = await finalLevels(await context.newPage(), settings, "wasm");
    expect(largestDifference(gpu, cpu)).toBeLessThanOrEqual(PICTURE_TOL);
  });
}

// Known answers of Salmon et al. 2011's own test suite, as in tests/base/random_test.cpp.
test("the noise's integers are exact", async ({ page }) => {
  const shaders = ["normal", "circle"].map((name) =>
    readFileSync(path(`core/network/shaders/${name}.wgsl`), "utf8"),
  );
  const code = `${shaders.join("\n")}
    @group(0) @binding(0) var<storage, read> start: array<array<u32, 6>>;
    @group(0) @binding(1) var<storage, read_write> words: array<vec4u>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) at: vec3u) {
      let s = start[at.x];
      words[at.x] = philox4x32(vec4u(s[0], s[1], s[2], s[3]), vec2u(s[4], s[5]));
    }`;
  await openBare(page);
  const ones = 0xffffffff;
  // prettier-ignore
  const start = [
    0, 0, 0, 0, 0, 0,
    ones, ones, ones, ones, ones, ones,
    0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
  ];
  const words = await page.evaluate(
    async ([wgsl, values]) => {
      const device = await (await navigator.gpu.requestAdapter())!.requestDevice();
      const module = device.createShaderModule({ code: wgsl });
      const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
      const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
      const input = device.createBuffer({ size: 4 * values.length, usage: STORAGE | COPY_DST });
      const output = device.createBuffer({ size: 48, usage: STORAGE | COPY_SRC });
      const readback = device.createBuffer({ size: 48, usage: MAP_READ | COPY_DST });
      device.queue.writeBuffer(input, 0, Uint32Array.from(values));
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      const entries = [input, output].map((buffer, binding) => ({ binding, resource: { buffer } }));
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(3);
      pass.end();
      encoder.copyBufferToBuffer(output, 0, readback, 0, 48);
      device.queue.submit([encoder.finish()]);
      await readback.mapAsync(GPUMapMode.READ);
      return [...new Uint32Array(readback.getMappedRange())];
    },
    [code, start] as const,
  );
  // prettier-ignore
  expect(words.map((word) => word.toString(16).padStart(8, "0"))).toEqual([
    "6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8",
    "408f276d", "41c83b0e", "a20bc7c6", "6d5451fd",
    "d16cfe09", "94fdcceb", "5001e420", "24126ea1",
  ]);
});

test("float16 weights: the same image, from half the memory", async ({ page, context }) => {
  test.setTimeout(120_000);
  await inWorker(page, () => {
    const sizes: number[] = [];
    Object.assign(globalThis, { sizes });
    const create = GPUDevice.prototype.createBuffer;
    GPUDevice.prototype.createBuffer = function (of) {
      if (of.label === "weights") sizes.push(of.size);
      return create.call(this, of);
    };
  });
  const settings = "seed=3&steps=3&guidance=1";
  const halved = await finalLevels(page, settings, "webgpu-float16");
  const sizes = () => page.workers()[0]!.evaluate(() => (globalThis as unknown as { sizes: number[] }).sizes);
  await expect(select(page, "Backend")).toHaveValue("webgpu-float16");
  await select(page, "Backend").selectOption("webgpu");
  await expect.poll(async () => (await sizes()).length).toBe(2);
  const [half, whole] = await sizes();
  expect(half! / whole!).toBeLessThan(0.55); // biases and norms stay float32
  const cpu = await finalLevels(await context.newPage(), settings, "wasm");
  expect(largestDifference(halved, cpu)).toBeLessThanOrEqual(PICTURE_TOL);
});

for (const sampler of ["ancestral", "edm-euler&churn=30&schedule=rho", "dpm-solver-2m"]) {
  test(`many steps in one submit: ${sampler}`, async ({ page, context }) => {
    await inWorker(page, () => {
      performance.now = () => 0; // a GPU that takes no time may take many steps at once
      const submit = GPUQueue.prototype.submit;
      Object.assign(globalThis, { submits: 0 });
      GPUQueue.prototype.submit = function (...of) {
        (globalThis as unknown as { submits: number }).submits += 1;
        return submit.apply(this, of);
      };
    });
    const submits = () =>
      page.workers()[0]!.evaluate(() => (globalThis as unknown as { submits: number }).submits);
    const settings = `steps=6&seed=4&sampler=${sampler}`;
    await page.emulateMedia({ reducedMotion: "reduce" });
    await openLive(page, `${settings}&backend=webgpu`);
    await expect(badge(page)).toContainText("WebGPU");
    await reseed(page, "5");
    await reseed(page, "4");
    const before = await submits();
    await finish(page);
    expect((await submits()) - before, "five steps are left").toBeLessThanOrEqual(2);
    const gpu = await levels(page, "next");
    await seek(page, 3); // its record came along
    expect((await submits()) - before).toBeLessThanOrEqual(2);
    const between = await levels(page, "raw");
    const other = await context.newPage();
    const cpu = await finalLevels(other, settings, "wasm");
    expect(largestDifference(gpu, cpu)).toBeLessThanOrEqual(PICTURE_TOL);
    await seek(other, 3);
    expect(largestDifference(between, await levels(other, "raw"))).toBeLessThanOrEqual(PICTURE_TOL);
  });
}

test("Auto refuses it, with a sentence", async ({ page }) => {
  await openLive(page, "steps=2");
  await expect(note(page)).toHaveText("WebAssembly runs: the browser's GPU is a program, too.");
  await expect(badge(page)).toContainText("WASM");
  await select(page, "Backend").selectOption("webgpu");
  await expect(badge(page)).toContainText("WebGPU");
  await expect(page).toHaveURL(/backend=webgpu/);
  await select(page, "Backend").selectOption("wasm");
  await expect(badge(page)).toContainText(/WASM · \d+ ms a step/);
});

test("the device lost in the middle: the run ends on the CPU, and the GPU comes back", async ({
  page,
  context,
}) => {
  test.setTimeout(240_000);
  await inWorker(page, () => {
    const devices: GPUDevice[] = [];
    Object.assign(globalThis, { devices });
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...of) {
      const device = await request.apply(this, of);
      devices.push(device);
      return device;
    };
  });
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openLive(page, "steps=8&backend=webgpu");
  await expect(badge(page)).toContainText("WebGPU");
  await reseed(page, "5");
  await seek(page, 3);
  await slide(page, "Timeline", 8); // five steps are under way
  await page.waitForTimeout(300);
  await page.workers()[0]!.evaluate(() => {
    (globalThis as unknown as { devices: GPUDevice[] }).devices[0]!.destroy();
  });
  await expect(note(page)).toContainText(/WebAssembly goes on: .*tried once more/);
  await expect(badge(page)).toContainText("WASM");
  await finish(page);
  const lost = await levels(page, "next");
  await expect(badge(page)).toContainText("WebGPU", { timeout: 90_000 });
  await expect(note(page)).toHaveText("");
  const cpu = await finalLevels(await context.newPage(), "steps=8&seed=5", "wasm");
  expect(largestDifference(lost, cpu)).toBeLessThanOrEqual(PICTURE_TOL);
});

for (const [what, change, sentence] of [
  [
    "a pipeline that does not compile",
    () => {
      GPUDevice.prototype.createComputePipelineAsync = () => Promise.reject(new Error("no such luck"));
    },
    "WebAssembly runs: no such luck.",
  ],
  [
    "no memory",
    () => {
      const create = GPUDevice.prototype.createBuffer;
      GPUDevice.prototype.createBuffer = function (of) {
        return create.call(this, { ...of, size: 2 ** 45 });
      };
    },
    /^WebAssembly runs: /,
  ],
  [
    "a GPU that computes nonsense",
    () => {
      GPUComputePassEncoder.prototype.dispatchWorkgroups = () => undefined;
    },
    /^WebAssembly runs: the GPU's answer is off by/,
  ],
  ["no adapter", () => (GPU.prototype.requestAdapter = async () => null), /the browser offers no GPU/],
] as const) {
  test(`${what}: the CPU engine runs, and a sentence says why`, async ({ page }) => {
    await inWorker(page, change);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await openLive(page, "steps=3&backend=webgpu");
    await expect(note(page)).toHaveText(sentence);
    await expect(badge(page)).toContainText("WASM");
    await finish(page);
  });
}
