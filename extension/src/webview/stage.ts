/**
 * The headline's words as switches, and the picture that they make: a click leaves a word out and shows that edit
 * beside the whole one, under a slider. Everything can be done by keyboard, and each result is spoken.
 */

import type { StringName, Strings } from "../messages";
import type { WordInfluence } from "../protocol";

interface Given {
  readonly words: readonly WordInfluence[];
  readonly source: string;
  readonly result: string;
  readonly out: readonly number[];
  readonly strings: Strings;
}

interface Asks {
  readonly ask: (request: number, out: readonly number[], make: boolean) => void;
  readonly cancel: () => void;
}

interface Edit {
  readonly request: number;
  readonly picture: string | null;
  readonly text: string;
  readonly response: number | null;
  readonly notes: readonly string[];
}

export class Stage {
  private readonly out: Set<number>;
  private readonly switches: HTMLElement[];
  private readonly base = picture();
  private readonly top = picture();
  private readonly slider = Object.assign(document.createElement("input"), { type: "range", min: "0", max: "100", value: "0" });
  private readonly caption = document.createElement("figcaption");
  private readonly said = element("p", "said");
  private readonly frame = element("div", "frame");
  private request = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly given: Given,
    private readonly asks: Asks,
  ) {
    this.out = new Set(given.out);
    this.switches = this.findSwitches();
    this.build();
    this.refresh();
    if (this.out.size > 0) this.ask(true);
  }

  /** An edit has come; a late one, for words that were changed since, is dropped. */
  take(edit: Edit): void {
    if (edit.request !== this.request) return;
    this.busy(false);
    if (edit.picture === null) {
      this.say(this.text("notMade"), [this.link(this.text("makeIt"), () => this.ask(true))]);
      return;
    }
    this.showPictures(this.given.result, edit.picture);
    const response = edit.response === null ? "" : ` ${this.text("responseOf", signless(edit.response))}`;
    this.caption.textContent = `${this.outText()}${edit.response === null ? "" : ` · response ${signless(edit.response)}`}`;
    this.say([`${this.outText()}${response ? `:${response}` : ""}.`, ...edit.notes].join(" "), [this.back()]);
    this.frame.dataset.out = [...this.out].sort((a, b) => a - b).join(" ");
  }

  /** The edit could not be made. */
  fail(request: number, text: string): void {
    if (request !== this.request) return;
    this.busy(false);
    this.say(text, [this.back()]);
  }

  private findSwitches(): HTMLElement[] {
    const found = [...this.root.querySelectorAll<HTMLElement>(".prompt .w")].filter((word) => word.querySelector(".b"));
    return found.map((word, index) => {
      const label = word.getAttribute("aria-label") ?? this.given.words[index]?.label ?? "";
      const control = element("span", word.className);
      control.append(...word.childNodes);
      control.tabIndex = 0;
      control.setAttribute("role", "button");
      control.dataset.label = label;
      control.addEventListener("click", () => this.toggle(index));
      control.addEventListener("keydown", (event) => this.key(event, index));
      word.replaceWith(control);
      return control;
    });
  }

  private build(): void {
    this.slider.setAttribute("aria-label", this.text("slider"));
    this.slider.addEventListener("input", () => this.slide());
    this.top.className = "over";
    this.frame.append(this.base, this.top);
    const figure = document.createElement("figure");
    figure.className = "stage";
    figure.append(this.frame, this.slider, this.caption);
    const pair = this.root.querySelector(".pair");
    if (pair?.lastElementChild) pair.lastElementChild.replaceWith(figure);
    else (this.root.querySelector(".hero") ?? this.root).append(figure);
    this.said.setAttribute("role", "status");
    this.root.querySelector(".prompt")?.after(this.said);
  }

  private key(event: KeyboardEvent, index: number): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") this.toggle(index);
    else if (event.key === "Escape" && this.out.size > 0) this.reset();
    else if (step !== undefined) this.switches[index + step]?.focus();
    else return;
    event.preventDefault();
  }

  private toggle(index: number): void {
    if (!this.out.delete(index)) this.out.add(index);
    this.refresh();
    this.ask(true);
  }

  private reset(): void {
    this.out.clear();
    this.refresh();
    this.ask(false);
  }

  private ask(make: boolean): void {
    this.request += 1;
    const out = [...this.out].sort((a, b) => a - b);
    if (out.length > 0) this.busy(true);
    else this.busy(false);
    this.asks.ask(this.request, out, make);
  }

  /** Brings words, pictures and texts to what is left out now. */
  private refresh(): void {
    this.switches.forEach((control, index) => {
      const out = this.out.has(index);
      const word = this.given.words[index]?.text ?? control.textContent ?? "";
      control.classList.toggle("out", out);
      control.setAttribute("aria-pressed", String(out));
      control.setAttribute("aria-label", `${control.dataset.label ?? ""}. ${this.text(out ? "putBack" : "leaveOut", word)}`);
      control.title = `${control.dataset.label ?? ""}\n${this.text(out ? "putBack" : "leaveOut", word)}`;
    });
    if (this.out.size > 0) return;
    this.showPictures(this.given.source, this.given.result);
    this.caption.textContent = this.text("withAll");
    this.say(this.switches.length > 0 ? this.text("hint") : "", []);
    this.frame.dataset.out = "";
  }

  private showPictures(under: string, over: string): void {
    if (this.base.getAttribute("src") !== under) this.base.src = under;
    this.top.src = over;
    this.base.alt = this.out.size > 0 ? this.text("withAll") : this.text("before");
    this.top.alt = this.out.size > 0 ? this.outText() : this.text("after");
    this.slider.value = "0";
    this.slide();
  }

  /** The line of the slider parts the pictures: left of it the one under, right of it the one over. */
  private slide(): void {
    const at = Number(this.slider.value);
    this.top.style.clipPath = `inset(0 0 0 ${at}%)`;
    this.frame.style.setProperty("--at", `${at}%`);
    this.slider.setAttribute("aria-valuetext", `${at} % ${this.base.alt}, ${100 - at} % ${this.top.alt}`);
  }

  private busy(on: boolean): void {
    this.frame.classList.toggle("busy", on);
    this.frame.setAttribute("aria-busy", String(on));
    if (on) this.say(this.text("making", this.outText()), [this.link(this.text("cancel"), () => this.asks.cancel())]);
  }

  private back(): HTMLElement {
    return this.link(this.text("putAllBack"), () => {
      this.reset();
      this.switches[0]?.focus();
    });
  }

  private say(text: string, links: readonly HTMLElement[]): void {
    this.said.replaceChildren(...(text === "" ? [] : [document.createTextNode(text), ...links]));
  }

  private link(text: string, act: () => void): HTMLElement {
    const link = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: text });
    link.addEventListener("click", act);
    return link;
  }

  private outText(): string {
    const words = [...this.out].sort((a, b) => a - b).map((index) => `‘${this.given.words[index]?.text ?? index}’`);
    return this.text("without", words.join(" "));
  }

  private text(name: StringName, ...values: readonly string[]): string {
    return this.given.strings[name].replace(/\{(\d)\}/g, (_, index: string) => values[Number(index)] ?? "");
  }
}

function element(tag: string, className: string): HTMLElement {
  return Object.assign(document.createElement(tag), { className });
}

function picture(): HTMLImageElement {
  return Object.assign(document.createElement("img"), { decoding: "sync" as const });
}

/** A response in two decimals, with a true minus. */
function signless(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
