/** The script of a panel: shows a report or a preview, and makes its words leave and come back. */

import type { Action, FromPanel, PanelState, ToPanel } from "../messages";
import { Stage } from "./stage";

declare function acquireVsCodeApi(): { postMessage(message: FromPanel): void; setState(state: PanelState): void };

const vscode = acquireVsCodeApi();
const body = document.getElementById("body")!;
const notice = document.getElementById("notice")!;
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
let stage: Stage | undefined;

window.addEventListener("message", ({ data }: MessageEvent<ToPanel>) => {
  switch (data.type) {
    case "show":
      show(data);
      return;
    case "edit":
      stage?.take(data);
      return;
    case "failed":
      stage?.fail(data.request, data.text);
      return;
    case "notice":
      note(data.text, data.busy, data.actions);
  }
});
vscode.postMessage({ type: "ready" });

function show(message: ToPanel & { type: "show" }): void {
  const { scrollY } = window;
  if (message.style !== "") sheet.replaceSync(message.style);
  const html = message.html.replace(/ style="/g, ' data-style="');
  body.innerHTML = html.includes("<main") ? html : `<main>${html}</main>`;
  for (const styled of body.querySelectorAll<HTMLElement | SVGElement>("[data-style]")) {
    styled.style.cssText = styled.dataset.style ?? "";
    delete styled.dataset.style;
  }
  for (const word of body.querySelectorAll<HTMLElement>("[data-look]")) {
    const look = word.dataset.look ?? "";
    word.style.backgroundColor = `var(--vscode-smileLens-${look})`;
    word.style.borderBottom = `2px ${look.startsWith("n") ? "dashed" : "solid"} var(--vscode-smileLens-${look.replace(/\d+$/, "")}Line)`;
  }
  note("", false, []);
  stage = undefined;
  const { state } = message;
  if (message.words.length > 0 && state !== undefined) {
    vscode.setState(state);
    stage = new Stage(body, message, {
      ask: (request, out, make) => {
        vscode.setState({ ...state, out });
        vscode.postMessage({ type: "leaveOut", request, out, make });
      },
      cancel: () => vscode.postMessage({ type: "cancel" }),
    });
  }
  toolbar(message.actions);
  window.scrollTo(0, scrollY);
}

function toolbar(actions: readonly Action[]): void {
  if (actions.length === 0) return;
  const bar = document.createElement("nav");
  bar.className = "actions";
  bar.append(...actions.map(button));
  const top = body.querySelector(".top");
  if (top) top.after(bar);
  else body.prepend(bar);
}

function note(text: string, busy: boolean, actions: readonly Action[]): void {
  notice.replaceChildren();
  notice.className = busy ? "busy" : "";
  notice.hidden = text === "";
  if (text === "") return;
  notice.append(Object.assign(document.createElement("span"), { textContent: text }), ...actions.map(button));
}

function button({ name, label }: Action): HTMLButtonElement {
  const element = Object.assign(document.createElement("button"), { type: "button", textContent: label, className: "link" });
  element.addEventListener("click", () => vscode.postMessage({ type: "action", name }));
  return element;
}
