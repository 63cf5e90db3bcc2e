-- Errors as foreign protocols want them; runs on the paths of OTLP/HTTP and of remote write only.
-- A form of body that nobody reads is 415: a sender may then turn to another, as Prometheus does.
-- OTLP/HTTP wants errors in the encoding of the request: a google.rpc.Status in JSON becomes the same in protobuf.
-- Code and message travel; details do not.
local NAMESPACE = "envoy.filters.http.lua"
local ESCAPES = { n = "\n", r = "\r", t = "\t", b = "\b", f = "\f" }

local function varint(number)
  local bytes = ""
  while number >= 128 do
    bytes = bytes .. string.char(number % 128 + 128)
    number = math.floor(number / 128)
  end
  return bytes .. string.char(number)
end

-- The text of a JSON member; what is beyond ASCII in \u form becomes `?`.
local function text_of(json, name)
  local _, last = json:find('"' .. name .. '"%s*:%s*"')
  local parts = {}
  while last do
    last = last + 1
    local letter = json:sub(last, last)
    if letter == "" or letter == '"' then
      break
    elseif letter == "\\" then
      last = last + 1
      letter = json:sub(last, last)
      if letter == "u" then
        local code = tonumber(json:sub(last + 1, last + 4), 16) or 63
        letter = string.char(code < 128 and code or 63)
        last = last + 4
      else
        letter = ESCAPES[letter] or letter
      end
    end
    parts[#parts + 1] = letter
  end
  return table.concat(parts)
end

function envoy_on_request(handle)
  local form = handle:headers():get("content-type") or ""
  if form:find("^application/x%-protobuf") and handle:headers():get(":path"):find("^/v1/") then
    handle:streamInfo():dynamicMetadata():set(NAMESPACE, "protobuf", true)
  end
end

function envoy_on_response(handle)
  local form = handle:headers():get("content-type") or ""
  local told = handle:streamInfo():dynamicMetadata():get(NAMESPACE)
  local protobuf = told and told.protobuf
  local refused = handle:headers():get(":status") == "400"
  if not (form:find("^application/json") and (protobuf or refused)) then
    return
  end
  local body = handle:body(true)
  local json = body:length() > 0 and body:getBytes(0, body:length()) or ""
  if refused and json:find('"field"%s*:%s*"content%-') then
    handle:headers():replace(":status", "415")
  end
  if not protobuf then
    return
  end
  local code = tonumber(json:match('"code"%s*:%s*(%d+)')) or 2
  local message = text_of(json, "message")
  local status = "\8" .. varint(code) .. "\18" .. varint(#message) .. message
  -- Headers taken before the body came are stale by now.
  handle:headers():replace("content-length", tostring(body:setBytes(status)))
  handle:headers():replace("content-type", "application/x-protobuf")
end
