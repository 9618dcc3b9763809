-- Neovim 0.7 or newer: `:luafile` this, or copy it into init.lua. `smile` must be on PATH.

local clients = {} -- One per folder; Neovim 0.8 and newer keep count themselves.

local function start(buffer)
  local home = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':p:h')
  -- Pictures must lie inside this folder: the repository, else where the document is.
  local repository = vim.fn.finddir('.git', home .. ';')
  local root = repository ~= '' and vim.fn.fnamemodify(repository, ':p:h:h') or home
  local config = {
    name = 'smile',
    cmd = { 'smile', 'lsp' },
    root_dir = root,
    get_language_id = function(_, kind)
      return kind == 'edit' and 'edit-prompt' or kind
    end,
    -- Numbers behind words, from Neovim 0.10 on: show them by `:lua vim.lsp.inlay_hint.enable()`.
    init_options = { inlayNumbers = true },
  }
  if vim.lsp.start then
    vim.lsp.start(config)
  else
    clients[root] = clients[root] or vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(buffer, clients[root])
  end
  vim.keymap.set('n', 'K', vim.lsp.buf.hover, { buffer = buffer })
  vim.keymap.set('n', '<Leader>a', vim.lsp.buf.code_action, { buffer = buffer })
end

vim.api.nvim_create_autocmd({ 'BufRead', 'BufNewFile' }, {
  pattern = '*.edit',
  callback = function()
    vim.bo.filetype = 'edit'
  end,
})
vim.api.nvim_create_autocmd('FileType', {
  pattern = { 'edit', 'markdown' },
  callback = function()
    start(vim.api.nvim_get_current_buf())
  end,
})

-- Colours of words come as semantic tokens, from Neovim 0.9 on; the underline says as much as the colour.
local colours = {
  smileTowards = { weak = '#8fb3d9', medium = '#5a9bd8', strong = '#2f86e0' },
  smileAgainst = { weak = '#d9b38f', medium = '#d8955a', strong = '#e07b2f' },
}
for kind, strengths in pairs(colours) do
  for strength, colour in pairs(strengths) do
    local line = kind == 'smileTowards' and { underline = true } or { undercurl = true }
    line.fg = colour
    vim.api.nvim_set_hl(0, '@lsp.typemod.' .. kind .. '.' .. strength, line)
  end
end
vim.api.nvim_set_hl(0, '@lsp.type.smileNoEffect', { link = 'Comment' })
