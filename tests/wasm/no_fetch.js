// Emscripten 3.1.6 takes Node's global fetch for a browser's and hands it a file path.
delete globalThis.fetch;
