-- Drives a headless Neovim: opens DOCUMENT, waits for the server, and writes what a user would see to SEEN.

local patience = 90000
local seen = {}

local function report()
  local file = assert(io.open(os.getenv('SEEN'), 'w'))
  file:write(vim.fn.json_encode(seen))
  file:close()
  vim.cmd('qall!')
end

local function wait(what, check)
  if not vim.wait(patience, check, 100) then
    seen.failed = what
    report()
  end
end

local function popup()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
    end
  end
end

vim.opt.swapfile = false
vim.cmd('luafile ' .. os.getenv('CONFIGURATION'))
vim.cmd('edit ' .. os.getenv('DOCUMENT'))
wait('an attached client', function()
  return #vim.lsp.buf_get_clients(0) > 0
end)

wait('diagnostics', function()
  return #vim.diagnostic.get(0) > 0
end)
vim.fn.search('\\<red\\>')
local asked = 0
wait('the hover', function()
  local text = popup()
  if text and text:find('%d%.%d%d') then
    seen.hover = text
    return true
  end
  asked = asked + 1
  if asked % 10 == 1 then
    vim.lsp.buf.hover()
  end
end)
seen.diagnostics = {}
for _, found in ipairs(vim.diagnostic.get(0)) do
  local line = vim.api.nvim_buf_get_lines(0, found.lnum, found.lnum + 1, false)[1]
  table.insert(seen.diagnostics, { text = found.message, word = line:sub(found.col + 1, found.end_col) })
end
report()
