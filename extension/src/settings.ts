/** What the server is told of the user's settings; the names are those of `server/smile_server/settings.py`. */

/** Settings that the user writes and the server reads. */
export const SHARED = [
  "model",
  "run",
  "runByModel",
  "budget",
  "halfWidth",
  "debounce",
  "inlayNumbers",
  "unloadMinutes",
  "leaveMinutes",
] as const;

/** The settings object as the server takes it. */
export type ServerSettings = Record<(typeof SHARED)[number], unknown> & {
  hoverImages: "data";
  commandLinks: true;
  theme: "dark" | "light";
  trusted: boolean;
};

/** The part of a `WorkspaceConfiguration` that is needed. */
export interface Configuration {
  get(name: string): unknown;
}

/** What to send, from the section `smileLens`, the colour theme and the workspace's trust. */
export function serverSettings(configuration: Configuration, darkTheme: boolean, trusted: boolean): ServerSettings {
  const shared = Object.fromEntries(SHARED.map((name) => [name, configuration.get(name)]));
  return { ...shared, hoverImages: "data", commandLinks: true, theme: darkTheme ? "dark" : "light", trusted } as ServerSettings;
}
