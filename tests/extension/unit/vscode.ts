/** A stand-in for VS Code: as much of its API as the modules under test touch, with what they did written down. */

type Listener<T> = (value: T) => void;

export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>) => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };
  fire(value: T): void {
    [...this.listeners].forEach((listener) => listener(value));
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class Disposable {
  constructor(private readonly end: () => void) {}
  static from(...items: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => items.forEach((item) => item.dispose()));
  }
  dispose(): void {
    this.end();
  }
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}
export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(a: number | Position, b: number | Position, c?: number, d?: number) {
    this.start = typeof a === "number" ? new Position(a, b as number) : a;
    this.end = typeof a === "number" ? new Position(c!, d!) : (b as Position);
  }
}
export class Selection extends Range {}
export class ThemeColor {
  constructor(readonly id: string) {}
}
export class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
  ) {}
  static parse(text: string): Uri {
    const [, scheme, rest] = /^([a-z-]+):(?:\/\/[^/]*)?(.*)$/.exec(text)!;
    return new Uri(scheme, rest);
  }
  static file(file: string): Uri {
    return new Uri("file", file);
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri(base.scheme, [base.path, ...parts].join("/"));
  }
  get fsPath(): string {
    return this.path;
  }
  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
}
export class CancellationTokenSource {
  readonly emitter = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.emitter.event };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.emitter.fire();
  }
  dispose(): void {
    this.emitter.dispose();
  }
}
export class MarkdownString {}
export class Hover {}
export class WorkspaceEdit {}
export class DocumentDropEdit {}
export class CancellationError extends Error {}
export class ThemeIcon {}
export class Diagnostic {}

export enum ColorThemeKind {
  Light = 1,
  Dark,
  HighContrast,
  HighContrastLight,
}
export enum DecorationRangeBehavior {
  OpenOpen,
  ClosedClosed,
}
export enum OverviewRulerLane {
  Right = 4,
}
export enum ProgressLocation {
  Notification = 15,
}
export enum DiagnosticTag {
  Unnecessary = 1,
}
export enum ViewColumn {
  Beside = -2,
}
export enum StatusBarAlignment {
  Right = 2,
}
export enum LanguageStatusSeverity {
  Information,
  Warning,
  Error,
}
export enum QuickPickItemKind {
  Separator = -1,
}
export enum TextEditorRevealType {
  Default,
}
export const version = "1.100.0";
export const l10n = {
  t: (text: string, ...values: unknown[]) => text.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)])),
};
export const env = { language: "en" };
export const extensions = { getExtension: () => undefined };
export const languages = {};
export const commands = { executeCommand: async () => undefined, registerCommand: () => new Disposable(() => undefined) };

/** What the tests look at and steer. */
export const seen = {
  types: [] as { options: Record<string, unknown>; disposed: boolean }[],
  progress: [] as { title: string; reports: { message: string; increment: number }[]; cancel: () => void; done: boolean }[],
  settings: {} as Record<string, unknown>,
  changes: new EventEmitter<unknown>(),
  themes: new EventEmitter<unknown>(),
  messages: [] as { text: string; buttons: string[]; answer: (button: string | undefined) => void }[],
};

export const workspace = {
  textDocuments: [] as unknown[],
  isTrusted: true,
  getConfiguration: () => ({ get: (name: string, fallback: unknown) => seen.settings[name] ?? fallback }),
  onDidChangeTextDocument: seen.changes.event,
  onDidCloseTextDocument: new EventEmitter<unknown>().event,
  onDidChangeConfiguration: new EventEmitter<unknown>().event,
};

function showMessage(text: string, ...buttons: string[]): Promise<string | undefined> {
  return new Promise((answer) => seen.messages.push({ text, buttons, answer }));
}

export const window = {
  activeColorTheme: { kind: ColorThemeKind.Dark },
  visibleTextEditors: [] as unknown[],
  activeTextEditor: undefined as unknown,
  onDidChangeVisibleTextEditors: new EventEmitter<unknown>().event,
  onDidChangeActiveColorTheme: seen.themes.event,
  createTextEditorDecorationType: (options: Record<string, unknown>) => {
    const type = { options, disposed: false, dispose: () => void (type.disposed = true) };
    seen.types.push(type);
    return type;
  },
  showErrorMessage: showMessage,
  showWarningMessage: showMessage,
  showInformationMessage: showMessage,
  withProgress: async <T>(options: { title: string }, task: (report: unknown, token: unknown) => Promise<T>): Promise<T> => {
    const source = new CancellationTokenSource();
    const entry = {
      title: options.title,
      reports: [] as { message: string; increment: number }[],
      cancel: () => source.cancel(),
      done: false,
    };
    seen.progress.push(entry);
    const result = await task({ report: (value: { message: string; increment: number }) => entry.reports.push(value) }, source.token);
    entry.done = true;
    return result;
  },
};
