// Samplers and predictions: the row and the numbers stay true whichever is chosen.
import type { Page } from "@playwright/test";
import {
  allPixels,
  applied,
  button,
  expect,
  finish,
  live,
  openLive,
  pause,
  pixels,
  seek,
  select,
  settled,
  slider,
  test,
  title,
} from "./page";

const row = (page: Page) => page.locator("#equation");
const note = (page: Page) => page.locator("#equation-note");

/** A line of "What the network said", with plain minus signs. */
async function line(page: Page, formula: string): Promise<string> {
  const item = page.locator("#said li").filter({ hasText: formula }).first();
  return (await item.innerText()).replaceAll("−", "-").replaceAll("\n", " ");
}

/** What a line's numbers come to: products of two numbers, in a sum; and what it says they do. */
async function computed(page: Page, formula: string): Promise<{ sum: number; said: number }> {
  const [, numbers, said] = (await line(page, formula)).split("=").slice(-3) as [string, string, string];
  const terms = [
    ...numbers.matchAll(/([-+]?)\s*\(?(-?[\d.]+(?:e-?\d+)?)\)?(?: · \(?(-?[\d.]+(?:e-?\d+)?)\)?)?/g),
  ];
  const sum = terms.reduce(
    (total, [, sign, a, b]) => total + (sign === "-" ? -1 : 1) * Number(a) * Number(b ?? 1),
    0,
  );
  return { sum, said: Number(said) };
}

async function expectTrue(page: Page, formula: string): Promise<void> {
  const { sum, said } = await computed(page, formula);
  // Numbers of up to 10 with three digits each, and factors of 0.2 with as many.
  expect(Math.abs(sum - said), await line(page, formula)).toBeLessThan(0.02 + 0.005 * Math.abs(said));
}

test("each sampler brings its own controls", async ({ page }) => {
  await openLive(page, "steps=4");
  await pause(page);
  const shown = async () => {
    const sliders = ["Eta", "Churn", "Churn strength"];
    const visible = await Promise.all(sliders.map((name) => slider(page, name).isVisible()));
    const names = sliders.filter((_, i) => visible[i]);
    return (await select(page, "Variance").isVisible()) ? ["Variance", ...names] : names;
  };
  for (const [sampler, controls] of [
    ["ddim", ["Eta"]],
    ["edm-euler", ["Churn", "Churn strength"]],
    ["edm-heun", ["Churn", "Churn strength"]],
    ["dpm-solver-2m", []],
    ["ancestral", ["Variance"]],
  ] as const) {
    await select(page, "Sampler").selectOption(sampler);
    await expect.poll(shown).toEqual(controls);
  }
});

for (const { sampler, still, says } of [
  { sampler: "ddim", still: true, says: /DDIM draws no noise/ },
  { sampler: "ddim&eta=0.6", still: false, says: /^$/ },
  { sampler: "edm-euler&churn=3", still: true, says: /adds noise before the network looks/ },
  { sampler: "edm-heun&schedule=rho", still: true, says: /second look/ },
  { sampler: "dpm-solver-2m", still: true, says: /the one before/ },
  { sampler: "ancestral", still: false, says: /^$/ },
]) {
  test(`the row and its numbers are true: ${sampler}`, async ({ page }) => {
    await openLive(page, `steps=12&clip=0&sampler=${sampler}`);
    await pause(page);
    await expect(note(page)).toHaveText(says);
    for (const position of [1, 6, 9]) {
      await seek(page, position);
      if (still) await expect(row(page)).toHaveClass(/still/);
      else await expect(row(page)).not.toHaveClass(/still/);
      await expectTrue(page, "x̂0 =");
      await expectTrue(page, "μ =");
      await expectTrue(page, "xt-1 = μ".replace("-", "−"));
      if (sampler.includes("churn")) await expectTrue(page, "x̂t =");
    }
    if (still) {
      expect(await pixels(page, "mu")).toBe(await pixels(page, "next"));
      await expect(page.locator("#pixel-numbers")).toContainText("next");
    }
    await finish(page);
    if (sampler !== "ancestral") await expect(page.getByRole("img", { name: /^sigma, 0/ })).toBeVisible();
  });
}

test("scrubbing equals replay where a step needs more than the last state", async ({ page }) => {
  for (const sampler of ["edm-heun&churn=4&schedule=rho", "dpm-solver-2m"]) {
    await page.goto("about:blank");
    await openLive(page, `steps=8&sampler=${sampler}`);
    await pause(page);
    await seek(page, 0);
    const replayed = [];
    for (let step = 0; step < 8; ++step) {
      replayed.push(await allPixels(page));
      await button(page, "Step").click();
      await settled(page);
    }
    for (const step of [7, 2, 5, 0]) {
      await seek(page, step);
      expect(await allPixels(page), `${sampler}, step ${step}`).toEqual(replayed[step]);
    }
  }
});

test("network calls are counted: Heun makes two a step but one at the end", async ({ page }) => {
  await openLive(page, "steps=18&guidance=1&schedule=rho&sampler=edm-heun");
  await pause(page);
  await finish(page);
  await expect(title(page)).toContainText("35 network calls");
});

test("the rho schedule shows its noise levels and has its sliders", async ({ page }) => {
  await openLive(page, "steps=10");
  await pause(page);
  await seek(page, 0);
  await expect(title(page)).toContainText("t = 1000");
  await select(page, "Schedule").selectOption("rho");
  await applied(page, "schedule=rho");
  await pause(page);
  await seek(page, 0);
  await expect(title(page)).toContainText("noise level 80.000 →");
  for (const name of ["Rho", "First noise level", "Last noise level"])
    await expect(slider(page, name)).toBeVisible();
  await expect(slider(page, "Offset")).toBeHidden();
  const chart = () => page.locator("#chart").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  await page.waitForTimeout(400); // the curve has arrived
  const signal = await chart();
  await page.getByRole("combobox", { name: "Curve" }).selectOption("log_snr");
  await expect.poll(chart).not.toBe(signal);
});

test("a run of another sampler is reproduced from its address", async ({ page, context }) => {
  const settings = "steps=6&schedule=rho&sigma_max=40&sampler=edm-heun&churn=2";
  await openLive(page, settings);
  await expect(page).toHaveURL(new RegExp(`#${settings}$`));
  await pause(page);
  await finish(page);
  const other = await context.newPage();
  await other.goto(page.url());
  await live(other);
  await pause(other);
  await finish(other);
  expect(await allPixels(other)).toEqual(await allPixels(page));
  await other.close();
});

/** The default weights with other words in their metadata: the numbers no longer make an image, but
 * what is said of them must be true all the same. */
async function openAs(page: Page, metadata: Record<string, string>, settings: string): Promise<void> {
  await page.route("**/mnist-mean-variance.safetensors", async (route) => {
    const file = await (await route.fetch()).body();
    const length = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.subarray(8, 8 + length).toString());
    Object.assign(header.__metadata__, metadata);
    const text = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    await route.fulfill({ body: Buffer.concat([size, text, file.subarray(8 + length)]) });
  });
  await openLive(page, settings);
  await pause(page);
}

const LEVELS = JSON.stringify({ family: "edm", sigma_min: 0.002, sigma_max: 80 });
for (const { prediction, metadata, raw, formula } of [
  { prediction: "eps", metadata: {}, raw: "ε̂ =", formula: "x̂0 = (xt − √(1−ᾱ) ε̂) / √ᾱ" },
  { prediction: "x0", metadata: {}, raw: "x̂0 =", formula: "x̂0 = raw output" },
  { prediction: "edm", metadata: { schedule: LEVELS }, raw: "F =", formula: "x̂0 = cskip xt/√ᾱ + cout F" },
]) {
  test(`what the network said has its own equation: ${prediction}`, async ({ page }) => {
    await openAs(page, { prediction, ...metadata }, "steps=12&sampler=ddim&clip=0&guidance=1");
    for (const position of [6, 9]) {
      await seek(page, position);
      await expect(page.locator("#said .raw-output").first()).toContainText(raw);
      await expect(page.locator("#said")).toContainText(formula);
      if (prediction === "edm") await expectTrue(page, "x̂0 = c");
      await expectTrue(page, "μ =");
    }
  });
}

/** The 2015 paper's words: exact on the network's own schedule, primed where a step is another one. */
const OWN_SCHEDULE = JSON.stringify({ family: "constant-rate" });
for (const { settings, formulas, sums } of [
  {
    settings: "steps=1000&schedule=constant-rate",
    formulas: ["μ = √(1−β) xt + √β zμ", "Σ = sigmoid(zΣ/√T + logit β)", "σ = √Σ"],
    sums: ["μ = √"],
  },
  {
    settings: "steps=12&schedule=cosine",
    formulas: ["μ′ = √(1−β) xt + √β zμ", "x̂0 = (μ′ − c1′ xt) / c0′", "Var[x0] = (Σ′ − β̃′) / c0′2"],
    sums: ["μ′ =", "μ = c0"],
  },
]) {
  test(`what a transition's network said has its own equations: ${settings}`, async ({ page }) => {
    const metadata = { prediction: "transition", schedule: OWN_SCHEDULE };
    await openAs(page, metadata, `${settings}&clip=0&guidance=1`);
    for (const position of [6, 9]) {
      await seek(page, position);
      await expect(page.locator("#said .raw-output").first()).toContainText(/zμ = .+, {2}zΣ = /);
      for (const formula of formulas) await expect(page.locator("#said")).toContainText(formula);
      for (const formula of sums) await expectTrue(page, formula);
    }
  });
}
