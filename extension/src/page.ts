/**
 * The page of a panel. Its policy allows our one script by nonce, our style sheet from the extension's folder, and
 * pictures that come inside messages: no inline script or style, no network. The report's own style arrives as a
 * constructed sheet, and its style attributes by the object model, so neither needs an exception.
 */

import { randomBytes } from "node:crypto";

import { env, Uri, type Webview } from "./host";

/** What kind of panel it is; the script builds it. */
export type Kind = "report" | "preview";

export function page(webview: Pick<Webview, "asWebviewUri" | "cspSource">, extension: Uri, kind: Kind): string {
  const nonce = randomBytes(16).toString("base64");
  const at = (name: string) => webview.asWebviewUri(Uri.joinPath(extension, "dist", name)).toString();
  const policy = [
    "default-src 'none'",
    "img-src data:",
    `style-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="${escaped(env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="stylesheet" href="${escaped(at("panel.css"))}">
<title>SMILE Lens</title>
</head>
<body data-kind="${kind}">
<div id="notice" role="status" aria-live="polite"></div>
<div id="body"></div>
<script nonce="${nonce}" src="${escaped(at("panel.js"))}"></script>
</body>
</html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
