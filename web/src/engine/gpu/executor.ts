// Carries out a plan on a WebGPU device: buffers and pipelines once, one submit for each model call.
import { groupsX, type Ahead, type Dispatch, type ModelInputs, type Plan, type Taken } from "./plan";
import { SamplerKernels } from "./sampler-kernels";

interface Step {
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
  dispatch: Dispatch;
}

export class Executor {
  private sampler: SamplerKernels | undefined; // made when they are first asked for

  private constructor(
    private readonly device: GPUDevice,
    readonly plan: Plan,
    private readonly buffers: GPUBuffer[],
    private readonly steps: Step[],
    private readonly readback: GPUBuffer,
  ) {}

  /** Throws what the device says if it refuses a pipeline or has no memory for the buffers. */
  static async create(device: GPUDevice, plan: Plan, weights: Uint32Array<ArrayBuffer>): Promise<Executor> {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffers = plan.buffers.map(({ label, size }) => device.createBuffer({ label, size, usage }));
    const stored = device.createBuffer({ label: "weights", size: weights.byteLength, usage });
    device.queue.writeBuffer(stored, 0, weights);
    const shapes = createShapes(device, plan);
    const readback = device.createBuffer({
      label: "raw output, read back",
      size: plan.buffers[plan.output]!.size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const pipelines = await createPipelines(device, plan);
    const steps = plan.dispatches.map((dispatch, i) => ({
      pipeline: pipelines[i]!,
      group: bind(device, pipelines[i]!, dispatch, [
        shapePart(shapes, i),
        ...partsOf(dispatch, buffers, stored),
      ]),
      dispatch,
    }));
    const refused = [await device.popErrorScope(), await device.popErrorScope()].find((error) => error);
    if (refused) throw new Error(refused.message);
    return new Executor(device, plan, buffers, steps, readback);
  }

  /** One model call: the raw output, [B, height, width, channels]. */
  async run(inputs: ModelInputs): Promise<Float32Array> {
    const batch = inputs.t.length;
    this.write(this.plan.x, inputs.x);
    this.write(this.plan.t, inputs.t);
    this.write(this.plan.label, inputs.label);
    const bytes = batch * this.plan.result * 4;
    const encoder = this.device.createCommandEncoder({ label: "model call" });
    this.encode(encoder, batch);
    encoder.copyBufferToBuffer(this.buffers[this.plan.output]!, 0, this.readback, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    await this.readback.mapAsync(GPUMapMode.READ, 0, bytes);
    const raw = new Float32Array(this.readback.getMappedRange(0, bytes).slice(0));
    this.readback.unmap();
    return raw;
  }

  /** Several steps in one submit; the sampler's part of them is done on the GPU, too. */
  async runAhead(ahead: Ahead): Promise<Taken> {
    this.sampler ??= await SamplerKernels.create(this.device, this.plan, this.buffers);
    this.write(this.plan.label, ahead.labels);
    const encoder = this.device.createCommandEncoder({ label: "several steps" });
    const call = () => this.encode(encoder, ahead.labels.length);
    return this.sampler.run(encoder, ahead, call);
  }

  private encode(encoder: GPUCommandEncoder, batch: number): void {
    const pass = encoder.beginComputePass({ label: "network" });
    for (const { pipeline, group, dispatch } of this.steps) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(groupsX(dispatch, batch), dispatch.groups_y);
    }
    pass.end();
  }

  private write(buffer: number, values: Float32Array<ArrayBuffer>): void {
    if (buffer >= 0) this.device.queue.writeBuffer(this.buffers[buffer]!, 0, values);
  }
}

/** A pipeline for each dispatch; dispatches that differ in their buffers only share one. */
async function createPipelines(device: GPUDevice, plan: Plan): Promise<GPUComputePipeline[]> {
  const modules = new Map(
    Object.entries(plan.shaders).map(([label, code]) => [label, device.createShaderModule({ label, code })]),
  );
  const made = new Map<string, Promise<GPUComputePipeline>>();
  return Promise.all(
    plan.dispatches.map(({ shader, constants }) => {
      const key = `${shader} ${JSON.stringify(constants)}`;
      if (!made.has(key)) {
        const compute = { module: modules.get(shader)!, constants };
        made.set(key, device.createComputePipelineAsync({ label: key, layout: "auto", compute }));
      }
      return made.get(key)!;
    }),
  );
}

/** WebGPU's minUniformBufferOffsetAlignment. */
const UNIFORM_STRIDE = 256;

/** Every dispatch's shape. */
function createShapes(device: GPUDevice, plan: Plan): GPUBuffer {
  const values = new Int32Array((plan.dispatches.length * UNIFORM_STRIDE) / 4);
  plan.dispatches.forEach(({ shape }, i) => values.set(shape, (i * UNIFORM_STRIDE) / 4));
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ label: "shapes", size: values.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

const shapePart = (buffer: GPUBuffer, i: number): GPUBufferBinding => ({
  buffer,
  offset: i * UNIFORM_STRIDE,
  size: UNIFORM_STRIDE,
});

const partsOf = (dispatch: Dispatch, buffers: GPUBuffer[], weights: GPUBuffer): GPUBufferBinding[] =>
  dispatch.bindings.map((part) =>
    "buffer" in part
      ? { buffer: buffers[part.buffer]! }
      : { buffer: weights, offset: part.offset, size: part.size },
  );

function bind(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  { label }: Dispatch,
  parts: GPUBufferBinding[],
): GPUBindGroup {
  const entries = parts.map((resource, binding) => ({ binding, resource }));
  return device.createBindGroup({ label, layout: pipeline.getBindGroupLayout(0), entries });
}
