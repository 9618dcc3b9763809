/** Three log channels: what the extension does, what the server says, and the messages between them. */

import { type LogOutputChannel, window } from "./host";

export interface Logs {
  readonly extension: LogOutputChannel;
  readonly server: LogOutputChannel;
  readonly trace: LogOutputChannel;
  dispose(): void;
}

export function openLogs(): Logs {
  const extension = window.createOutputChannel("SMILE Lens", { log: true });
  const server = window.createOutputChannel("SMILE Lens Server", { log: true });
  const trace = window.createOutputChannel("SMILE Lens Trace", { log: true });
  const dispose = () => [extension, server, trace].forEach((channel) => channel.dispose());
  return { extension, server, trace, dispose };
}
