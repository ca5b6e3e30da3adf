// A compiled network as the core describes it (core/network/gpu/plan.h); sizes and offsets in bytes.

export interface Plan {
  max_batch: number;
  /** Floats of one image. */
  input: number;
  result: number;
  /** Buffers: the inputs (-1 where the network has none) and the result. */
  x: number;
  t: number;
  label: number;
  output: number;
  shaders: Record<string, string>;
  buffers: { label: string; size: number }[];
  dispatches: Dispatch[];
}

export interface Dispatch {
  label: string;
  shader: string;
  constants: Record<string, number>;
  /** The shader's uniform of whole numbers, binding 0. */
  shape: number[];
  /** From binding 1: a whole buffer, or a part of the weights. */
  bindings: ({ buffer: number } | { offset: number; size: number })[];
  items: number;
  items_per_group: number;
  groups_y: number;
  /** Of one image: arithmetic, and bytes that an ideal cache would let through. */
  flops: number;
  traffic: number;
}

export interface PlanOptions {
  maxBatch: number;
  /** How the GPU keeps the weights of convolutions and dense layers. */
  weights: "float32" | "float16";
}

/** A plan with its weights, words of 32 bits. */
export interface CompiledPlan {
  plan: Plan;
  weights: Uint32Array<ArrayBuffer>;
}

/** Inputs of one model call on a batch: x [B, height, width, channels], t and label [B]. */
export interface ModelInputs {
  x: Float32Array<ArrayBuffer>;
  t: Float32Array<ArrayBuffer>;
  label: Float32Array<ArrayBuffer>;
}

/** Several steps of a run: rows of core/run/gpu_steps.h and what they start from. */
export interface Ahead {
  number: number;
  count: number;
  steps: Uint8Array<ArrayBuffer>;
  /** [batch, height, width, channels] the state, and the step before's x0_hat. */
  x: Float32Array<ArrayBuffer>;
  previous: Float32Array<ArrayBuffer>;
  /** [calls, batch] */
  labels: Float32Array<ArrayBuffer>;
}

/** What came of them: [steps, 3, batch, height, width, channels] x_t, x0_hat, x0_var; and the last state. */
export interface Taken {
  records: Float32Array;
  x: Float32Array;
}

/** Of a row; also WebGPU's minUniformBufferOffsetAlignment. */
export const STEP_BYTES = 256;

export const groupsX = (dispatch: Dispatch, batch: number): number =>
  Math.ceil((batch * dispatch.items) / dispatch.items_per_group);
