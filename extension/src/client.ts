/** The language client, with what is ours: it announces our part of the protocol, and leaves telling faults to us. */

import { DocumentDiagnosticRequest, type InitializeParams, LanguageClient, type Middleware } from "vscode-languageclient/node";

import { type Diagnostic, DiagnosticTag, workspace } from "./host";
import { isHighContrast } from "./looks";
import * as protocol from "./protocol";

export class Client extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  /** Asks for the diagnostics of all open documents again. */
  pullDiagnostics(): void {
    const feature = this.getFeature(DocumentDiagnosticRequest.method);
    for (const document of workspace.textDocuments) feature?.getProvider(document)?.onDidChangeDiagnosticsEmitter.fire();
  }

  /** Announces what this client can show beyond LSP. */
  protected override fillInitializeParams(params: InitializeParams): void {
    super.fillInitializeParams(params);
    const experimental = params.capabilities.experimental as object | undefined;
    params.capabilities.experimental = {
      ...experimental,
      smile: { version: protocol.VERSION },
      serverStatusNotification: true,
    };
  }
}

/**
 * In high contrast VS Code draws "unnecessary" as a dashed line, which here means "works against the edit": there the
 * tag goes. What was taken for one kind of theme is no answer for the other, so the server is asked in full.
 */
export function diagnosticsWithoutFade(): Pick<Middleware, "handleDiagnostics" | "provideDiagnostics"> {
  const taken = new Map<string, boolean>();
  return {
    handleDiagnostics: (uri, diagnostics, next) => next(uri, diagnostics.map(withoutFade)),
    provideDiagnostics: async (document, previous, token, next) => {
      const uri = ("uri" in document ? document.uri : document).toString();
      const same = taken.get(uri) === isHighContrast();
      taken.set(uri, isHighContrast());
      const report = await next(document, same ? previous : undefined, token);
      if (report && "items" in report) report.items.forEach(withoutFade);
      return report;
    },
  };
}

function withoutFade(diagnostic: Diagnostic): Diagnostic {
  if (isHighContrast()) diagnostic.tags = diagnostic.tags?.filter((tag) => tag !== DiagnosticTag.Unnecessary);
  return diagnostic;
}
