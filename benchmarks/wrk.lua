-- Sends what a file has, in turn: a line for each request, as benchmarks/load.py writes it.

local requests, at = {}, 0

local function parse(line)
  local head, body = line:match("^(.-)\t\t(.*)$")
  local headers, parts = {}, {}
  for part in head:gmatch("[^\t]+") do parts[#parts + 1] = part end
  for i = 3, #parts do
    local name, value = parts[i]:match("^(.-): (.*)$")
    headers[name] = value
  end
  return wrk.format(parts[1], parts[2], headers, body ~= "" and body or nil)
end

function init(args)
  for line in io.lines(args[1]) do requests[#requests + 1] = parse(line) end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, ' ..
    '"errors": {"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect, e.read, e.write, e.status, e.timeout))
end
