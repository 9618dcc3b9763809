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

-- The text of the floating window, which is closed: a second hover would move the cursor into it.
local function popup()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
      vim.api.nvim_win_close(window, true)
      return text
    end
  end
end

vim.opt.swapfile = false
vim.cmd('luafile ' .. os.getenv('CONFIGURATION'))
vim.cmd('edit ' .. os.getenv('DOCUMENT'))
wait('an attached client', function()
  return #vim.lsp.buf_get_clients(0) > 0
end)

-- The hover of a word, once it has a number.
local function hover(word)
  local shown
  local rounds = 0
  vim.fn.cursor(1, 1)
  vim.fn.search('\\<' .. word .. '\\>')
  wait('the hover of ' .. word, function()
    shown = popup() or shown
    rounds = rounds + 1
    if rounds % 10 == 1 then
      vim.lsp.buf.hover()
    end
    return shown and shown:find(word) and shown:find('%d%.%d%d')
  end)
  popup()
  return shown
end

wait('diagnostics', function()
  return #vim.diagnostic.get(0) > 0
end)
seen.hover = hover('red')
seen.diagnostics = {}
for _, found in ipairs(vim.diagnostic.get(0)) do
  local line = vim.api.nvim_buf_get_lines(0, found.lnum, found.lnum + 1, false)[1]
  table.insert(seen.diagnostics, { text = found.message, word = line:sub(found.col + 1, found.end_col) })
end
vim.cmd('%s/stormy/snowy/')
seen.changed = hover('snowy')
report()
