//! Starts `smile lsp` from PATH for `.edit` documents and Markdown.

use zed_extension_api::{self as zed, serde_json::json, serde_json::Value, Command, LanguageServerId, Result, Worktree};

struct SmileLens;

impl zed::Extension for SmileLens {
    fn new() -> Self {
        SmileLens
    }

    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let command = worktree
            .which("smile")
            .ok_or("`smile` is not on PATH: install it by `pip install smile-lens`")?;
        Ok(Command { command, args: vec!["lsp".into()], env: worktree.shell_env() })
    }

    fn language_server_initialization_options(
        &mut self,
        _: &LanguageServerId,
        _: &Worktree,
    ) -> Result<Option<Value>> {
        Ok(Some(json!({ "inlayNumbers": true })))
    }
}

zed::register_extension!(SmileLens);
