// Downloads with progress in bytes; what goes wrong is a sentence for people.

export type Progress = (what: string, loaded: number, total: number) => void;

export async function fetchBytes(url: string, what: string, progress: Progress): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error(`The ${what} did not load: check the connection, then retry.`);
  }
  if (!response.ok || !response.body) {
    throw new Error(
      `The ${what} did not load (the server answered ${response.status}): retry, or tell whoever runs this site.`,
    );
  }
  const total = Number(response.headers.get("x-full-length") ?? response.headers.get("content-length") ?? 0);
  const parts: Uint8Array[] = [];
  let loaded = 0;
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    loaded += value.length;
    progress(what, loaded, total);
  }
  const bytes = new Uint8Array(loaded);
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}
