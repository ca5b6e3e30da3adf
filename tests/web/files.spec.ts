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
    expect(Math.abs(level - (value + 1) * 127.5), `pixel ${i}`).toBeLessThanOrEqual(1.5);
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

test("keys: S opens the menu, 1 saves, Escape closes", async ({ page }) => {
  await openLive(page, "steps=5");
  await pause(page);
  await page.keyboard.press("s");
  await expect(page.locator("#save-menu")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator("#save-menu")).toBeHidden();
  await page.keyboard.press("s");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("1")]);
  expect(download.suggestedFilename()).toBe("undiffuse-frame.png");
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
