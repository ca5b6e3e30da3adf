// Files: pictures saved with their settings inside, and opened again; models opened as files.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import {
  allPixels,
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
  test,
  title,
} from "./page";

const repository = (path: string) => join(__dirname, "../..", path);
const WEIGHTS = repository("weights/mnist-mean-variance.safetensors");

const saveButton = (page: Page) => page.getByRole("button", { name: "Save", exact: true });
const note = (page: Page) => page.locator(".message.note");

async function saved(page: Page, choice: RegExp): Promise<Buffer> {
  await saveButton(page).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: choice }).click(),
  ]);
  return readFile((await download.path())!);
}

/** Width, height and the settings string of a saved PNG. */
function read(png: Buffer): { width: number; height: number; settings: string } {
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  const text = png.indexOf("tEXtundiffuse\0");
  expect(text).toBeGreaterThan(0);
  const length = png.readUInt32BE(text - 4);
  return {
    width: png.readUInt32BE(16),
    height: png.readUInt32BE(20),
    settings: png.subarray(text + 14, text + 4 + length).toString(),
  };
}

async function openFile(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.locator("#open-file").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
}

test("saves a frame, the film strip and all images, each with its settings", async ({ page }) => {
  await openLive(page, "steps=9&images=4&seed=3");
  await pause(page);
  const settings = "steps=9&images=4&seed=3";
  expect(read(await saved(page, /This frame/))).toEqual({ width: 224, height: 224, settings });
  expect(read(await saved(page, /film strip/))).toEqual({ width: 9 * 60 - 4, height: 116, settings });
  expect(read(await saved(page, /All finished/))).toEqual({ width: 456, height: 456, settings });
});

test("the default picture is the app's and the tool's", async ({ page }) => {
  await openLive(page);
  await pause(page);
  const png = await saved(page, /All finished/);
  const reference = await readFile(repository("tests/data/default-picture.f32"));
  const levels = await page.evaluate(async (bytes) => {
    const image = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d")!;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    return Array.from({ length: 28 * 28 }, (_, i) => {
      const [row, column] = [Math.floor(i / 28), i % 28];
      return data[4 * (8 * row * image.width + 8 * column)]!;
    });
  }, Array.from(png));
  levels.forEach((level, i) => {
    const value = Math.min(1, Math.max(-1, reference.readFloatLE(4 * i)));
    // One level each way: then any two views agree within 2/255.
    expect(Math.abs(level - Math.round((value + 1) * 127.5)), `pixel ${i}`).toBeLessThanOrEqual(1);
  });
});

test("a saved picture brings its settings back, and with them the picture", async ({ page }) => {
  await openLive(page, "steps=7&class=8&seed=21");
  await pause(page);
  await finish(page);
  const before = await pixels(page, "next");
  const png = await saved(page, /This frame/);
  await page.goto("about:blank");
  await openLive(page, "steps=5");
  await openFile(page, "undiffuse-frame.png", png);
  await expect(page).toHaveURL(/#class=8&steps=7&seed=21$/);
  await expect(title(page)).toContainText("of 7");
  await pause(page);
  await finish(page);
  expect(await pixels(page, "next")).toBe(before);
});

test("a dropped picture does the same", async ({ page }) => {
  await openLive(page, "steps=7&seed=2");
  await pause(page);
  const png = await saved(page, /This frame/);
  await page.goto("about:blank");
  await openLive(page, "steps=5");
  await page.evaluate((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], "mine.png"));
    for (const type of ["dragover", "drop"]) {
      document.body.dispatchEvent(
        new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }),
      );
    }
  }, Array.from(png));
  await expect(page).toHaveURL(/#steps=7&seed=2$/);
  await live(page);
});

test("the menu opens by key and button, and closes by Escape and a click outside", async ({ page }) => {
  await openLive(page, "steps=5");
  await pause(page);
  const menu = page.getByRole("group", { name: "Save and open" });
  await expect(saveButton(page)).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("s");
  await expect(menu).toBeVisible();
  await expect(saveButton(page)).toHaveAttribute("aria-expanded", "true");
  await expect(page.getByRole("button", { name: /This frame/ })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(menu).toBeHidden();
  await expect(saveButton(page)).toHaveAttribute("aria-expanded", "false");
  await saveButton(page).click();
  await expect(menu).toBeVisible();
  await page.locator(".tagline").click();
  await expect(menu).toBeHidden();
});

test("1, 2 and 3 choose while the menu is open, and do nothing else", async ({ page }) => {
  await openLive(page, "steps=5");
  await pause(page);
  let downloads = 0;
  page.on("download", () => (downloads += 1));
  await page.keyboard.press("1"); // no menu
  for (const [key, name] of [
    ["1", "undiffuse-frame.png"],
    ["2", "undiffuse-strip.png"],
    ["3", "undiffuse-sheet.png"],
  ] as const) {
    await page.keyboard.press("s");
    const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press(key)]);
    expect(download.suggestedFilename()).toBe(name);
    await expect(page.locator("#save-menu")).toBeHidden();
  }
  expect(downloads).toBe(3);
});

test("a long save leaves the page at work, and another run ends it with a sentence", async ({ page }) => {
  await openLive(page, "steps=1000");
  await pause(page);
  await button(page, "Restart").click();
  await saveButton(page).click();
  await page.getByRole("button", { name: /film strip/ }).click();
  await expect(saveButton(page)).toHaveAttribute("aria-busy", "true");
  await button(page, "Step").click();
  await settled(page); // its images are there long before the strip is
  await expect(title(page)).toContainText("Step 2 of 1000");
  await expect(saveButton(page)).toHaveAttribute("aria-busy", "true");
  await select(page, "Class").selectOption("8");
  await expect(note(page)).toHaveText("The run changed before it was saved: save again.");
  await expect(saveButton(page)).not.toHaveAttribute("aria-busy");
});

test("dragging a file over the page outlines it until it leaves", async ({ page }) => {
  await openLive(page, "steps=5");
  const drag = (type: string) =>
    page.evaluate((name) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "mine.png"));
      document.body.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
    }, type);
  const outline = () => page.evaluate(() => getComputedStyle(document.body).outlineStyle);
  await drag("dragover");
  expect(await outline()).toBe("dashed");
  await drag("dragleave");
  expect(await outline()).toBe("none");
});

test("a model opens as a file and samples the same picture", async ({ page }) => {
  await openLive(page, "steps=6");
  await pause(page);
  await seek(page, 3);
  const before = await allPixels(page);
  await openFile(page, "mine.safetensors", await readFile(WEIGHTS));
  await live(page);
  await pause(page);
  await seek(page, 3);
  await settled(page);
  expect(await allPixels(page)).toEqual(before);
  await expect(select(page, "Model")).toHaveValue("mnist-mean-variance");
  await expect(select(page, "Model").locator("option:checked")).toHaveText("mine.safetensors");
});

/** The weights under another name: their header is JSON, and its length stands before it. */
async function renamedWeights(name: string): Promise<Buffer> {
  const file = await readFile(WEIGHTS);
  const size = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + size).toString()) as { __metadata__: { name: string } };
  header.__metadata__.name = name;
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, file.subarray(8 + size)]);
}

test("an address with a model of a file asks for it, and goes on once it is there", async ({ page }) => {
  await page.goto("/#model=my-digits&steps=6");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText('no model "my-digits": open its .safetensors file first');
  await expect(alert.getByRole("button")).toHaveCount(0); // trying again would not help
  await openFile(page, "digits v2.safetensors", await renamedWeights("my-digits"));
  await live(page);
  await expect(alert).toBeHidden();
  await expect(page).toHaveURL(/#model=my-digits&steps=6$/);
  await expect(select(page, "Model").locator("option:checked")).toHaveText("digits v2.safetensors");
  await expect(title(page)).toContainText("of 6");
  // There and back between the page's own model and the file's.
  await select(page, "Model").selectOption("mnist-mean-variance");
  await live(page);
  await expect(page).toHaveURL(/#steps=6$/);
  await select(page, "Model").selectOption("my-digits");
  await live(page);
  await expect(page).toHaveURL(/#model=my-digits&steps=6$/);
});

test("a picture of a model that is not there is a sentence, and nothing changes", async ({ page }) => {
  await openLive(page, "steps=6");
  await openFile(page, "digits.safetensors", await renamedWeights("my-digits"));
  await expect(page).toHaveURL(/model=my-digits/);
  await live(page);
  await pause(page);
  const png = await saved(page, /This frame/);
  await page.goto("about:blank");
  await openLive(page, "steps=5");
  await openFile(page, "theirs.png", png);
  await expect(note(page)).toContainText('theirs.png: This page has no model "my-digits"');
  await expect(page).toHaveURL(/#steps=5$/);
  await pause(page);
  await button(page, "Step").click();
  await settled(page);
  await expect(page.getByRole("alert")).toBeHidden();
});

test("a file that is too large is a sentence, and the page goes on", async ({ page }) => {
  await openLive(page, "steps=6");
  await openFile(page, "huge.safetensors", Buffer.alloc((12 << 20) + 1));
  await expect(note(page)).toHaveText(/^huge\.safetensors: It has 13 MiB, and the page opens at most 12/);
  await pause(page);
  await finish(page);
});

test("bad files are sentences, and what was open stays open", async ({ page }) => {
  await openLive(page, "steps=6");
  await pause(page);
  await openFile(page, "holiday.png", Buffer.from("not a picture"));
  await expect(note(page)).toHaveText(/^holiday\.png: This is not a PNG file/);
  const bad = Buffer.from(await readFile(WEIGHTS));
  await openFile(page, "cut.safetensors", bad.subarray(0, 1000));
  await expect(note(page)).toHaveText(/^cut\.safetensors: .+\.$/);
  await button(page, "Restart").click();
  await settled(page);
  await expect(title(page)).toContainText("Step 1 of 6");
});
