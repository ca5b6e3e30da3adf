// cos and sin of an angle in turns, within a few turns of 0, to 1e-7: the nearest quarter turn, exact, and
// Taylor series of what is left, which is at most an eighth of a turn (core/base/random.cpp has the same).
fn on_circle(turns: f32) -> vec2f {
  let quarter = round(turns * 4);
  let angle = (turns - quarter / 4) * 6.28318531;
  let a2 = angle * angle;
  let s = angle * (1 + a2 * (-1.0 / 6 + a2 * (1.0 / 120 + a2 * (-1.0 / 5040 + a2 / 362880))));
  let c = 1 + a2 * (-0.5 + a2 * (1.0 / 24 + a2 * (-1.0 / 720 + a2 / 40320)));
  switch (i32(quarter) & 3) {
    case 0: { return vec2f(c, s); }
    case 1: { return vec2f(-s, c); }
    case 2: { return vec2f(-c, -s); }
    default: { return vec2f(s, -c); }
  }
}
