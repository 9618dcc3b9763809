;;; emacs.el --- SMILE Lens with eglot  -*- lexical-binding: t -*-

;; Emacs 29 or newer, or Emacs 28 with eglot from ELPA: load this file, or copy it into init.el.
;; `smile' must be on PATH.

(require 'eglot)

(define-derived-mode edit-prompt-mode text-mode "Edit"
  "Instructions for image-editing models."
  (setq-local comment-start "# "))

(add-to-list 'auto-mode-alist '("\\.edit\\'" . edit-prompt-mode))
(add-to-list 'eglot-server-programs
             '(edit-prompt-mode . ("smile" "lsp" :initializationOptions (:inlayNumbers t))))
(add-hook 'edit-prompt-mode-hook #'eglot-ensure)

;;; emacs.el ends here
