/** Every scenario of the ring, in the order in which they run. */

import type { Scenario } from "./acts";
import { colours, markdown, numbers, themes, typing } from "./scenarios/colours";
import { cancelled, chooseImage, chooseModel, clear, compare, dropImage, exportReport, quickFix } from "./scenarios/commands";
import { inside, killed, windows } from "./scenarios/daemon";
import { crashes, missingImage, modelFails, notInstalled, notThere, otherVersion, untrusted } from "./scenarios/faults";
import { installs, makeVscode } from "./scenarios/installation";
import { example, hover, preview, report } from "./scenarios/pictures";

export const SCENARIOS: readonly (readonly [string, Scenario])[] = [
  ["words have the colours of their buckets", colours],
  ["a changed word dims the others until new colours come", typing],
  ["the hover shows a decoded picture that differs where the word acts", hover],
  ["Explain opens the report, and its words switch the picture", report],
  ["the example of the walkthrough is explained without a network", example],
  ["the preview follows the cursor", preview],
  ["a quick fix removes idle words", quickFix],
  ["Choose Model writes the model", chooseModel],
  ["Choose Image writes the picture, and the gutter shows it", chooseImage],
  ["a picture dropped from the explorer is the new image", dropImage],
  ["Compare Models shows two models side by side", compare],
  ["Export Report writes a page, JSON and a picture", exportReport],
  ["Clear Edits asks first, then forgets", clear],
  ["a long run shows its progress, and Cancel ends it", cancelled],
  ["kill -9 of the daemon, and the colours come back", killed],
  ["two windows share one daemon", windows],
  ["light and high-contrast themes", themes],
  ["a Markdown fence is coloured", markdown],
  ["influences as inlay numbers", numbers],
  ["an image that is not there has a button", missingImage],
  ["a program that is not there has a button", notThere],
  ["without the server and a Python for it, one message with a button", notInstalled],
  ["a server that crashes names the cause, with a button", crashes],
  ["a server of another version has a button", otherVersion],
  ["a model that fails to load has a button", modelFails],
  ["tests inside of the extension host", inside],
  ["an untrusted workspace runs nothing", untrusted],
];

/** These take minutes and the network: `make test-vscode-install`. */
export const INSTALLATIONS: readonly (readonly [string, Scenario])[] = [
  ["the extension installs the server with pip", installs],
  ["make vscode installs the extension", makeVscode],
];
