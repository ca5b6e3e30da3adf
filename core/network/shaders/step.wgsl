// A row of the sampler's table with all that the kernels around a network call need (core/run/gpu_steps.h).
struct Step {
  // Into the network: x_hat = keep x + churn z', shown as on_input x_hat at time t.
  keep: f32,
  churn: f32,
  on_input: f32,
  t: f32,
  // Out of it: x0_hat = answer_on_x x_hat + answer_on_output raw, x0_var = noise_var exp(r)
  // or a transition's.
  answer_on_x: f32,
  answer_on_output: f32,
  noise_var: f32,
  guidance: f32,
  // And on: mu = on_x0 x0_hat + on_x x_hat + on_second previous, sigma² = var_const + var_on_x0_var x0_var.
  on_x0: f32,
  on_x: f32,
  var_const: f32,
  var_on_x0_var: f32,
  on_second: f32,
  clip_low: f32,
  clip_high: f32,
  r_scale: f32,   // a transition's x0_var from r (ToX0Var in core/process/prediction.h)
  r_gain: f32,
  r_beta: f32,
  counter: u32,   // the draws' t
  draws: u32,     // 0 or 1, as what follows
  clip: u32,
  learned: u32,
  transition: u32,
  calls: u32,     // of an image: 2 with guidance
  seed_low: u32,
  seed_high: u32,
  first_sample: u32,
  images: u32,
  image_size: u32,
  channels: u32,
  record: u32,    // where its record starts: x_t, x0_hat, x0_var of the batch
}
