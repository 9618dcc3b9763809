;;; emacs.el --- drives a batch Emacs with eglot  -*- lexical-binding: t -*-

;; Opens DOCUMENT, waits for the server, and writes what a user would see to SEEN.

(package-initialize)
(setq make-backup-files nil
      create-lockfiles nil
      eglot-sync-connect 60
      eglot-connect-timeout 60
      eglot-autoreconnect nil)
(load (getenv "CONFIGURATION"))
(require 'json)

(defvar seen nil)

(defun report ()
  (with-temp-file (getenv "SEEN") (insert (json-encode seen)))
  (kill-emacs 0))

(defun wait (what check)
  (let ((deadline (+ (float-time) 90)) found)
    (while (and (not (setq found (funcall check))) (< (float-time) deadline))
      (accept-process-output nil 0.1))
    (unless found
      (push (cons 'failed what) seen)
      (report))
    found))

(find-file (getenv "DOCUMENT"))
;; `eglot-ensure' waits for the first command, and a batch Emacs has none.
(run-hooks 'post-command-hook)
(wait "a managed buffer" #'eglot-managed-p)

(defun hover (word)
  "The hover of WORD, once it has a number."
  (goto-char (point-min))
  (re-search-forward (concat "\\_<" word "\\_>"))
  (backward-char 2)
  (let (shown)
    (wait (concat "the hover of " word)
          (lambda ()
            (eglot-hover-eldoc-function (lambda (text &rest _) (setq shown text)))
            (accept-process-output nil 0.2)
            (and shown (string-match-p word shown) (string-match-p "[0-9]\\.[0-9][0-9]" shown))))
    (substring-no-properties shown)))

(push (cons 'hover (hover "red")) seen)
(wait "diagnostics" (lambda () (flymake-start) (flymake-diagnostics)))
(push (cons 'diagnostics
            (mapcar (lambda (found)
                      (list (cons 'text (flymake-diagnostic-text found))
                            (cons 'word (buffer-substring-no-properties (flymake-diagnostic-beg found)
                                                                        (flymake-diagnostic-end found)))))
                    (flymake-diagnostics)))
      seen)
(goto-char (point-min))
(re-search-forward "stormy")
(replace-match "snowy")
(eglot--signal-textDocument/didChange) ; A user's rest does this; a batch Emacs is never idle.
(push (cons 'changed (hover "snowy")) seen)
(set-buffer-modified-p nil)
(report)
