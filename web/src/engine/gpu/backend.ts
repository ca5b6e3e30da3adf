// A GPU that is ready to run the model: found, tried and measured. All that can go wrong is a sentence.
import type { Ahead, CompiledPlan, ModelInputs, PlanOptions, Taken } from "./plan";
import { Executor } from "./executor";

/** What a backend is opened for: the model as a plan, and a call with the answer of the engine here. */
export interface Subject {
  plan(options: PlanOptions): CompiledPlan;
  sampleCall(): { inputs: ModelInputs; raw: Float32Array };
}

/** What a person asked for. */
export interface GpuWish {
  /** Any adapter will do; without it software adapters and those slower than the engine here are refused. */
  forced: boolean;
  weights: PlanOptions["weights"];
}

/** Images that one call takes, guidance's second calls included. */
const MAX_BATCH = 32;
/** A submit should not hold the GPU for longer: the page and other programs draw with it, too. */
const CALL_MS = 100;
/** However fast it is. */
const MOST_CALLS = 1024;
/**
 * The largest difference allowed in the self-test, as a part of the largest value. Tests hold 1e-4 on a
 * correct device; a driver's faster exp may cost some digits, its bugs are off by about 1.
 */
const SELF_TEST_TOL = 1e-3;

export class GpuBackend {
  private stopped = false;

  private constructor(
    readonly adapter: string,
    /** Images to ask about in one call. */
    readonly images: number,
    /** Calls of one image that one submit may take. */
    readonly callsAtOnce: number,
    private readonly device: GPUDevice,
    private readonly executor: Executor,
  ) {}

  /**
   * Finds a GPU, makes the pipelines and compares one call. `lost` is called once, with a sentence, if the
   * GPU stops working later.
   */
  static async open(subject: Subject, wish: GpuWish, lost: (reason: string) => void): Promise<GpuBackend> {
    const { forced, weights: type } = wish;
    const adapter = await findAdapter(forced);
    const device = await adapter.requestDevice({ label: "undiffuse" }); // with the default limits
    let backend: GpuBackend | undefined;
    const stop = (reason: string) => {
      if (backend && !backend.stopped) lost(reason);
      backend?.close();
    };
    void device.lost.then(({ message }) => stop(`the GPU was lost${message ? ` (${message})` : ""}`));
    device.onuncapturederror = ({ error }) => stop(`the GPU refused (${error.message})`);
    try {
      const { plan, weights } = subject.plan({ maxBatch: MAX_BATCH, weights: type });
      const executor = await Executor.create(device, plan, weights);
      const ms = await selfTest(subject, executor, forced);
      const calls = Math.min(Math.max(Math.floor(CALL_MS / ms), 1), MOST_CALLS);
      backend = new GpuBackend(nameOf(adapter), Math.min(calls, MAX_BATCH / 2), calls, device, executor);
      return backend;
    } catch (error) {
      device.destroy();
      throw error;
    }
  }

  run(inputs: ModelInputs): Promise<Float32Array> {
    return this.executor.run(inputs);
  }

  runAhead(ahead: Ahead): Promise<Taken> {
    return this.executor.runAhead(ahead);
  }

  /** Gives the GPU's memory back. */
  close(): void {
    this.stopped = true;
    this.device.destroy();
  }
}

async function findAdapter(forced: boolean): Promise<GPUAdapter> {
  const gpu = (navigator as Navigator & { gpu?: GPU }).gpu;
  if (!gpu) throw new Error("this browser has no WebGPU");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("the browser offers no GPU");
  if (!forced && isSoftware(adapter)) throw new Error("the browser's GPU is a program, too");
  return adapter;
}

/** Adapters that only imitate a GPU are slower than WebAssembly. */
function isSoftware(adapter: GPUAdapter): boolean {
  const { isFallbackAdapter } = adapter as GPUAdapter & { isFallbackAdapter?: boolean };
  const info = adapter.info as GPUAdapterInfo & { isFallbackAdapter?: boolean };
  return !!(
    isFallbackAdapter ||
    info.isFallbackAdapter ||
    /swiftshader|llvmpipe|warp/i.test(nameOf(adapter))
  );
}

function nameOf({ info }: GPUAdapter): string {
  const { vendor, architecture, description } = info;
  return description || [vendor, architecture].filter((part) => part).join(" ") || "GPU";
}

/** Milliseconds of a call of one image, if the GPU's answer is right (and worth it, unless forced). */
async function selfTest(subject: Subject, executor: Executor, forced: boolean): Promise<number> {
  const here = timed(() => subject.sampleCall());
  const { inputs, raw } = here.result;
  const off = relativeDifference(await executor.run(inputs), raw);
  if (!(off <= SELF_TEST_TOL)) {
    throw new Error(`the GPU's answer is off by ${(100 * off).toPrecision(2)} % of the largest value`);
  }
  const began = performance.now();
  await executor.run(inputs);
  const there = performance.now() - began;
  if (!forced && there > here.milliseconds) throw new Error("the GPU is slower than the processor");
  return there;
}

function timed<T>(work: () => T): { result: T; milliseconds: number } {
  const began = performance.now();
  return { result: work(), milliseconds: performance.now() - began };
}

/** The largest difference, as a part of the largest expected value; NaN if there is one. */
export function relativeDifference(values: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let largest = 1e-30;
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(values[i]! - value)); // NaN stays NaN
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / largest;
}
