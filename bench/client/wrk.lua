-- wrk ... URL -- METHOD BODY_SIZE ANSWER_SIZE: counts answers of the wrong status or length and reports in JSON.
local threads = {}
local answerSize

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  wrk.method = args[1]
  if tonumber(args[2]) > 0 then wrk.body = string.rep('x', tonumber(args[2])) end
  answerSize = tonumber(args[3])
  wrong = 0
end

function response(status, _, body)
  if status ~= 200 or #body ~= answerSize then wrong = wrong + 1 end
end

function done(summary, latency)
  local errors = summary.errors
  for _, thread in ipairs(threads) do wrong = (wrong or 0) + thread:get('wrong') end
  io.stderr:write(string.format(
    '{"requests":%d,"wrong":%d,"errors":%d,"p50":%.3f,"p99":%.3f}',
    summary.requests, wrong, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000
  ))
end
