// Picture files as pixels, whatever the browser can show.

/** A side; larger pictures are scaled down, which for an image of the model's is all the same. */
const LARGEST_SIDE = 1024;

/** R, G, B, A on white, as on paper. Throws a sentence if the browser cannot read it. */
export async function pixelsOf(file: File): Promise<ImageData> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(
      `${file.name}: This browser cannot read it as an image: give a PNG, a JPEG or another picture.`,
    );
  });
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const side = (of: number) => Math.max(1, Math.round(of * scale));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: side(bitmap.width), height: side(bitmap.height) });
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
