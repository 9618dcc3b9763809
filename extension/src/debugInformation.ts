/** What a report of a fault should hold, without any prompt, picture or file name of the user's. */

import os from "node:os";

import { version as editorVersion, workspace } from "./host";
import type { Parts } from "./commands";
import { bytesText } from "./numbers";
import type { StatusResult } from "./protocol";
import { SHARED } from "./settings";

export async function debugInformation({ server, version, influences }: Pick<Parts, "server" | "version" | "influences">): Promise<string> {
  const status = await server.request<StatusResult>("smile/status", null).catch(() => undefined);
  const configuration = workspace.getConfiguration("smileLens");
  const settings = Object.fromEntries(["path", "notes", ...SHARED].map((name) => [name, configuration.get<unknown>(name)]));
  const phases = influences.all.map(({ prompt }) => prompt.phase).join(", ") || "none";
  const rows: [string, string][] = [
    ["extension", version],
    ["VS Code", editorVersion],
    ["system", `${os.platform()} ${os.release()} ${os.arch()}, node ${process.version}`],
    ["trusted", String(workspace.isTrusted)],
    ["connection", server.life],
    ["program", server.program ?? "none"],
    ["server", `${server.serverInfo?.name ?? "–"} ${server.serverInfo?.version ?? ""}`.trim()],
    ["prompts", phases],
  ];
  if (status !== undefined) {
    rows.push(
      ["daemon", `${status.state}, ${status.version}, pid ${status.pid}, up ${Math.round(status.uptime)} s`],
      ["worker", status.workerPid === null ? "none" : `pid ${status.workerPid}`],
      ["sessions, jobs, edits", `${status.sessions}, ${status.jobs}, ${status.edits}`],
      ["memory", bytesText(status.memory)],
      ["device", status.device],
      ["models", status.models.map(({ name, state, detail }) => `${name}: ${state}${detail ? ` (${detail})` : ""}`).join("; ")],
    );
  }
  const table = rows.map(([name, value]) => `| ${name} | ${value.replaceAll("|", "\\|")} |`).join("\n");
  return `# SMILE Lens debug information\n\n| | |\n| --- | --- |\n${table}\n\n\`\`\`json\n${JSON.stringify(settings, null, 2)}\n\`\`\`\n`;
}
