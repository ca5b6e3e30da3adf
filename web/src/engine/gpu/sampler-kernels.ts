// The sampler's part of a step on the GPU: before the network's call and after it (contract 4's table).
import { STEP_BYTES, type Ahead, type Plan, type Taken } from "./plan";

const WORKERS = 64;

export class SamplerKernels {
  private constructor(
    private readonly device: GPUDevice,
    private readonly plan: Plan,
    private readonly network: GPUBuffer[],
    private readonly input: GPUComputePipeline,
    private readonly step: GPUComputePipeline,
  ) {}

  static async create(device: GPUDevice, plan: Plan, network: GPUBuffer[]): Promise<SamplerKernels> {
    const [input, step] = await Promise.all(
      ["sampler_input", "sampler_step"].map((label) =>
        device.createComputePipelineAsync({
          label,
          layout: "auto",
          compute: {
            module: device.createShaderModule({ label, code: plan.shaders[label]! }),
            constants: { WORKERS },
          },
        }),
      ),
    );
    return new SamplerKernels(device, plan, network, input!, step!);
  }

  /** `call` encodes the network's dispatches. The buffers live for this submit alone. */
  async run(encoder: GPUCommandEncoder, ahead: Ahead, call: () => void): Promise<Taken> {
    const bytes = ahead.x.byteLength;
    const recorded = 3 * ahead.count * bytes;
    const buffers = this.createBuffers(ahead, recorded);
    for (let i = 0; i < ahead.count; ++i) this.encodeStep(encoder, buffers, ahead, i, call);
    encoder.copyBufferToBuffer(buffers.records, 0, buffers.readback, 0, recorded);
    encoder.copyBufferToBuffer(buffers.x, 0, buffers.readback, recorded, bytes);
    this.device.queue.submit([encoder.finish()]);
    try {
      await buffers.readback.mapAsync(GPUMapMode.READ);
      const values = new Float32Array(buffers.readback.getMappedRange().slice(0));
      return { records: values.subarray(0, recorded / 4), x: values.subarray(recorded / 4) };
    } finally {
      for (const buffer of Object.values(buffers)) buffer.destroy();
    }
  }

  private createBuffers(ahead: Ahead, recorded: number) {
    const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
    const create = (label: string, size: number, usage: number) =>
      this.device.createBuffer({ label, size, usage });
    const filled = (
      label: string,
      values: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
      usage: number,
    ) => {
      const buffer = create(label, values.byteLength, usage | COPY_DST);
      this.device.queue.writeBuffer(buffer, 0, values);
      return buffer;
    };
    return {
      steps: filled("steps", ahead.steps, UNIFORM),
      x: filled("x", ahead.x, STORAGE | COPY_SRC),
      previous: filled("previous x0_hat", ahead.previous, STORAGE),
      x_hat: create("x_hat", ahead.x.byteLength, STORAGE),
      records: create("records", recorded, STORAGE | COPY_SRC),
      readback: create("records, read back", recorded + ahead.x.byteLength, MAP_READ | COPY_DST),
    };
  }

  private encodeStep(
    encoder: GPUCommandEncoder,
    buffers: ReturnType<SamplerKernels["createBuffers"]>,
    ahead: Ahead,
    i: number,
    call: () => void,
  ): void {
    const { plan, network } = this;
    const row = { buffer: buffers.steps, offset: i * STEP_BYTES, size: STEP_BYTES };
    const { x, x_hat, previous, records } = buffers;
    const groups = Math.ceil((Math.ceil(plan.input / 4) * ahead.x.length) / plan.input / WORKERS);
    const run = (pipeline: GPUComputePipeline, parts: GPUBuffer[]) => {
      const entries = [row, ...parts.map((buffer) => ({ buffer }))];
      const group = this.device.createBindGroup({
        label: pipeline.label,
        layout: pipeline.getBindGroupLayout(0),
        entries: entries.map((resource, binding) => ({ binding, resource })),
      });
      const pass = encoder.beginComputePass({ label: pipeline.label });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(groups);
      pass.end();
    };
    run(this.input, [x, x_hat, network[plan.x]!, network[plan.t]!]);
    call();
    run(this.step, [network[plan.output]!, x_hat, x, previous, records]);
  }
}
