import { App } from "./app";
import { loadIndex } from "./recording";
import { MessagesView } from "./views/messages";

const messages = new MessagesView();

async function start(): Promise<void> {
  try {
    new App(await loadIndex(), messages).start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    messages.showError(
      `The page did not load completely (${reason}): check the connection, then retry.`,
      () => void start(),
    );
  }
}

void start();
