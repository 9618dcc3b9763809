/** Which documents are ours: `.edit` files, and Markdown that holds an `edit` fence. */

export const EDIT_PROMPT = "edit-prompt";
const FENCE = /^ {0,3}(?:`{3,}|~{3,})[ \t]*edit[ \t]*$/m;

/** What of a document decides; a `TextDocument` is one. */
export interface Sheet {
  readonly languageId: string;
  readonly uri: { readonly scheme: string };
  getText(): string;
}

/** Documents that the server is told about. */
export const SELECTOR = [
  { language: EDIT_PROMPT, scheme: "file" },
  { language: EDIT_PROMPT, scheme: "untitled" },
  { language: "markdown", scheme: "file" },
  { language: "markdown", scheme: "untitled" },
];

/** Whether a document may hold prompts. */
export function holdsPrompts(document: Sheet): boolean {
  if (document.uri.scheme !== "file" && document.uri.scheme !== "untitled") return false;
  if (document.languageId === EDIT_PROMPT) return true;
  return document.languageId === "markdown" && FENCE.test(document.getText());
}
